// What PKI.js makes of the shapes of a folder, and node-forge and @peculiar/x509 of its files.
require("reflect-metadata");
const { webcrypto } = require("crypto");
const fs = require("fs");
const path = require("path");
const forge = require("node-forge");
const { PemConverter } = require("@peculiar/x509");
const pkijs = require("pkijs");
const { shapes, files, verdict, count } = require("../folder.cjs");

pkijs.setEngine("node", new pkijs.CryptoEngine({ name: "node", crypto: webcrypto }));

const certificates = (shape, name) => {
  const pem = fs.readFileSync(path.join(shape, name), "utf8");
  return PemConverter.decode(pem).map((der) => pkijs.Certificate.fromBER(der));
};

const verify = async (shape) => {
  const [leaf, ...others] = certificates(shape, "chain.pem");
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: certificates(shape, "roots.pem"),
    certs: [...others, leaf],
  });
  const { result, resultMessage } = await engine.verify();
  return result ? "" : resultMessage || "refused";
};

const readers = {
  "forge-1.4": (pem) => forge.pki.createCaStore([pem]).listAllCertificates().length,
  "forge-1.4-pem": (pem) => forge.pem.decode(pem).length,
  "forge-1.4-certificate": (pem) => (forge.pki.certificateFromPem(pem), 1),
  "peculiar-2.2": (pem) => PemConverter.decode(pem).length,
};

(async () => {
  const folder = process.argv[2];
  const manifest = require.resolve("pkijs").replace(/pkijs[/\\].*/, "pkijs/package.json");
  console.log(`version\t${JSON.parse(fs.readFileSync(manifest)).version}`);
  for (const shape of shapes(folder)) await verdict("pkijs-4.0", shape, verify);
  for (const file of files(folder)) {
    const pem = fs.readFileSync(file, "utf8");
    for (const [program, read] of Object.entries(readers)) count(program, file, () => read(pem));
  }
})();
