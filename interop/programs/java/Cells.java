import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathValidator;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** What Java makes of the shapes and files of a folder. */
public class Cells {
    interface Verifier {
        void verify(Path shape) throws Exception;
    }

    interface Reader {
        /** Adds what it reads, so that a part of it remains if it fails. */
        void read(Path file, Collection<Object> roots) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        String program = arguments[0];
        Path folder = Path.of(arguments[1]);
        System.out.println("version\t" + System.getProperty("java.version"));
        verdicts(program, folder, Cells::verifyServer);
        verdicts(program + "-certpath", folder, shape -> validate(shape, "SUN"));
        readings(program, folder, (file, roots) -> readAll(file, roots, "SUN"));
        readings(program + "-loop", folder, Cells::readEach);
    }

    /** As a client does it: by the trust manager, with the name of the server. */
    static void verifyServer(Path shape) throws Exception {
        KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, null);
        for (X509Certificate root : certificates(shape.resolve("roots.pem"), "SUN")) {
            roots.setCertificateEntry("root " + roots.size(), root);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(roots);
        X509ExtendedTrustManager manager =
                (X509ExtendedTrustManager) factory.getTrustManagers()[0];
        X509Certificate[] chain =
                certificates(shape.resolve("chain.pem"), "SUN").toArray(new X509Certificate[0]);
        manager.checkServerTrusted(
                chain, "UNKNOWN", new Engine(Files.readString(shape.resolve("host"))));
    }

    static void validate(Path shape, String provider) throws Exception {
        Set<TrustAnchor> anchors = new HashSet<>();
        for (X509Certificate root : certificates(shape.resolve("roots.pem"), provider)) {
            anchors.add(new TrustAnchor(root, null));
        }
        PKIXParameters parameters = new PKIXParameters(anchors);
        parameters.setRevocationEnabled(false);
        List<X509Certificate> chain = certificates(shape.resolve("chain.pem"), provider);
        CertificateFactory factory = CertificateFactory.getInstance("X.509", provider);
        CertPathValidator validator = CertPathValidator.getInstance("PKIX", provider);
        validator.validate(factory.generateCertPath(chain), parameters);
    }

    static List<X509Certificate> certificates(Path file, String provider)
            throws IOException, GeneralSecurityException {
        List<X509Certificate> all = new ArrayList<>();
        try (InputStream input = Files.newInputStream(file)) {
            CertificateFactory factory = CertificateFactory.getInstance("X.509", provider);
            for (Certificate certificate : factory.generateCertificates(input)) {
                all.add((X509Certificate) certificate);
            }
        }
        return all;
    }

    static void readAll(Path file, Collection<Object> roots, String provider) throws Exception {
        roots.addAll(certificates(file, provider));
    }

    static void readEach(Path file, Collection<Object> roots) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509", "SUN");
        try (InputStream input = new BufferedInputStream(Files.newInputStream(file))) {
            while (input.available() > 0) {
                roots.add(factory.generateCertificate(input));
            }
        }
    }

    static void verdicts(String program, Path folder, Verifier verifier) throws IOException {
        for (Path shape : paths(folder.resolve("shapes"))) {
            try {
                verifier.verify(shape);
                line(program, shape, "accepted", "");
            } catch (Exception why) {
                line(program, shape, "refused", words(why));
            }
        }
    }

    static void readings(String program, Path folder, Reader reader) throws IOException {
        for (Path file : paths(folder.resolve("files"))) {
            List<Object> roots = new ArrayList<>();
            String words = "";
            try {
                reader.read(file, roots);
            } catch (Exception why) {
                words = words(why);
            }
            line(program, file, "" + roots.size(), words);
        }
    }

    static Set<Path> paths(Path folder) throws IOException {
        Set<Path> all = new TreeSet<>();
        if (Files.exists(folder)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
                entries.forEach(all::add);
            }
        }
        return all;
    }

    static String words(Throwable why) {
        Throwable cause = why.getCause();
        return why + (cause == null ? "" : ": " + cause);
    }

    static void line(String program, Path path, String answer, String words) {
        String id = path.getFileName().toString().replace(".pem", "");
        System.out.println(
                String.join("\t", program, id, answer, words.replaceAll("\\s+", " ")));
    }

    /** An end of a connection to this host, of which the trust manager asks nothing but the host. */
    static class Engine extends SSLEngine {
        private final String host;

        Engine(String host) {
            this.host = host;
        }

        @Override
        public SSLSession getHandshakeSession() {
            return (SSLSession)
                    Proxy.newProxyInstance(
                            Cells.class.getClassLoader(),
                            new Class<?>[] {SSLSession.class},
                            (proxy, method, arguments) ->
                                    switch (method.getName()) {
                                        case "getPeerHost" -> host;
                                        case "getProtocol" -> "TLSv1.2";
                                        default -> null;
                                    });
        }

        @Override
        public SSLParameters getSSLParameters() {
            SSLParameters parameters = new SSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            return parameters;
        }

        @Override
        public SSLSession getSession() {
            return getHandshakeSession();
        }

        // Nothing below is asked for.
        public javax.net.ssl.SSLEngineResult wrap(
                java.nio.ByteBuffer[] from, int at, int count, java.nio.ByteBuffer to) {
            throw new UnsupportedOperationException();
        }

        public javax.net.ssl.SSLEngineResult unwrap(
                java.nio.ByteBuffer from, java.nio.ByteBuffer[] to, int at, int count) {
            throw new UnsupportedOperationException();
        }

        public Runnable getDelegatedTask() {
            return null;
        }

        public void closeInbound() {}

        public boolean isInboundDone() {
            return false;
        }

        public void closeOutbound() {}

        public boolean isOutboundDone() {
            return false;
        }

        public String[] getSupportedCipherSuites() {
            return null;
        }

        public String[] getEnabledCipherSuites() {
            return null;
        }

        public void setEnabledCipherSuites(String[] suites) {}

        public String[] getSupportedProtocols() {
            return null;
        }

        public String[] getEnabledProtocols() {
            return null;
        }

        public void setEnabledProtocols(String[] protocols) {}

        public void beginHandshake() {}

        public javax.net.ssl.SSLEngineResult.HandshakeStatus getHandshakeStatus() {
            return null;
        }

        public void setUseClientMode(boolean mode) {}

        public boolean getUseClientMode() {
            return true;
        }

        public void setNeedClientAuth(boolean need) {}

        public boolean getNeedClientAuth() {
            return false;
        }

        public void setWantClientAuth(boolean want) {}

        public boolean getWantClientAuth() {
            return false;
        }

        public void setEnableSessionCreation(boolean enabled) {}

        public boolean getEnableSessionCreation() {
            return true;
        }
    }
}
