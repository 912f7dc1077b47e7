import java.io.FileReader;
import java.nio.file.Path;
import java.security.Security;
import java.util.Collection;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;

/** What BouncyCastle makes of the shapes and files of a folder. */
public class BouncyCastle {
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Security.addProvider(new BouncyCastleProvider());
        String program = "bouncycastle-1.72";
        Cells.verdicts(program, folder, shape -> Cells.validate(shape, "BC"));
        Cells.readings(program, folder, (file, roots) -> Cells.readAll(file, roots, "BC"));
        Cells.readings(program + "-pem", folder, BouncyCastle::parse);
    }

    static void parse(Path file, Collection<Object> roots) throws Exception {
        try (PEMParser parser = new PEMParser(new FileReader(file.toFile()))) {
            Object object;
            while ((object = parser.readObject()) != null) {
                if (object instanceof X509CertificateHolder) {
                    roots.add(object);
                }
            }
        } catch (Exception why) {
            // What it has read is taken, as by a caller that stops there.
        }
    }
}
