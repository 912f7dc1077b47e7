// The shapes and files of a folder, for programs in JavaScript.
const fs = require("fs");
const path = require("path");

const paths = (folder, name) => {
  const within = path.join(folder, name);
  return fs.existsSync(within) ? fs.readdirSync(within).sort().map((entry) => path.join(within, entry)) : [];
};

const line = (program, of, answer, words) =>
  console.log([program, path.basename(of, ".pem"), answer, words.replace(/\s+/g, " ")].join("\t"));

module.exports = {
  shapes: (folder) => paths(folder, "shapes"),
  files: (folder) => paths(folder, "files"),
  line,
  // Prints a verdict by what `why` resolves to: nothing, or words.
  verdict: async (program, shape, verify) => {
    let why;
    try {
      why = await verify(shape);
    } catch (error) {
      why = String(error.message || error);
    }
    line(program, shape, why ? "refused" : "accepted", why || "");
  },
  // Prints how many roots `read` returns, which may throw.
  count: (program, file, read) => {
    try {
      line(program, file, read(file), "");
    } catch (error) {
      line(program, file, 0, String(error.message || error));
    }
  },
};
