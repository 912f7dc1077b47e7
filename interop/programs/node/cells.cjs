// What Node makes of the shapes and files of a folder.
const { execFile } = require("child_process");
const { X509Certificate } = require("crypto");
const fs = require("fs");
const path = require("path");
const tls = require("tls");
const { shapes, files, line, verdict, count } = require("../folder.cjs");

const HOST = "server.example.com";

// A server on loopback; resolves to it when it listens.
const serve = (chain, key) =>
  new Promise((resolve) => {
    const options = { cert: fs.readFileSync(chain), key: fs.readFileSync(key) };
    // A server sends what the client is to judge.
    options.ciphers = "ALL:@SECLEVEL=0";
    const server = tls.createServer(options, (socket) => socket.on("error", () => {}).end());
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1", () => resolve(server));
  });

// Resolves to the error of a client, or to nothing if it trusts the server.
const ask = (port, host, options) =>
  new Promise((resolve) => {
    const name = /^\d/.test(host) ? undefined : host;
    const checkServerIdentity = (_, certificate) => tls.checkServerIdentity(host, certificate);
    const address = { host: "127.0.0.1", port, servername: name, checkServerIdentity };
    const socket = tls.connect({ ...address, ...options }, () => {
      socket.destroy();
      resolve("");
    });
    socket.on("error", (why) => resolve(`${why.code}: ${why.message}`));
  });

const verify = async (shape) => {
  const file = (name) => path.join(shape, name);
  const server = await serve(file("chain.pem"), file("leaf.key"));
  const ca = fs.readFileSync(file("roots.pem"));
  const why = await ask(server.address().port, fs.readFileSync(file("host"), "utf8"), { ca });
  server.close();
  return why;
};

const answered = async (ports, options) => {
  const said = [];
  for (const port of ports) said.push(await ask(port, HOST, options));
  const trusted = said.filter((why) => why === "").length;
  return trusted === ports.length ? "all" : trusted;
};

const main = async (program, folder) => {
  console.log(`version\t${process.versions.node}`);
  for (const shape of shapes(folder)) await verdict(program, shape, verify);
  for (const file of files(folder)) {
    count(`${program}-x509`, file, () => (new X509Certificate(fs.readFileSync(file)), 1));
  }
  const servers = path.join(folder, "servers");
  if (fs.existsSync(servers)) {
    const file = (name) => path.join(servers, name);
    const running = [await serve(file("1.pem"), file("key.pem")), await serve(file("2.pem"), file("key.pem"))];
    const ports = running.map((server) => server.address().port);
    for (const file of files(folder)) {
      line(program, file, await answered(ports, { ca: fs.readFileSync(file) }), "");
      // It is read once, when a process begins.
      const [answer, warning] = await inOtherProcess(file, ports);
      line(`${program}-extra`, file, answer, warning);
    }
  }
  process.exit();
};

const inOtherProcess = (file, ports) =>
  new Promise((resolve) => {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: file };
    execFile(process.execPath, [__filename, "--ask", ...ports], { env }, (_, out, err) => {
      const warning = err.split("\n").find((line) => line.includes("Ignoring extra certs"));
      resolve([out.trim(), warning ?? ""]);
    });
  });

if (process.argv[2] === "--ask") {
  answered(process.argv.slice(3).map(Number), {}).then((answer) => {
    console.log(String(answer));
    process.exit();
  });
} else {
  main(process.argv[2], process.argv[3]);
}
