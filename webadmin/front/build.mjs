// Bundles the pages' style and behaviour into build/web: names carry a hash of their content, manifest.json tells them.
// The same sources give the same bytes each time; nothing is fetched. Files of an earlier build stay: a box that runs
// still serves them, and a build beside it takes nothing away.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "..", "..");
const target = path.resolve(root, process.argv[2] ?? path.join("build", "web"));
const fresh = `${target}.${process.pid}.new`;

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });
const result = await build({
  absWorkingDir: here,
  entryPoints: { app: "app.js", theme: "theme.js", style: "style.css" },
  outdir: fresh,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  legalComments: "linked",
  target: ["chrome100", "firefox100", "safari15"],
  charset: "utf8",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [output, { entryPoint }] of Object.entries(result.metafile.outputs)) {
  if (entryPoint) manifest[path.basename(entryPoint)] = path.basename(output);
}
const still = path.join(root, "webadmin", "static");
for (const name of (await readdir(still)).sort()) {
  const hash = createHash("sha256").update(await readFile(path.join(still, name))).digest("hex").slice(0, 8);
  const { name: stem, ext } = path.parse(name);
  manifest[name] = `${stem}-${hash}${ext}`;
  await copyFile(path.join(still, name), path.join(fresh, manifest[name]));
}
const sorted = Object.fromEntries(Object.entries(manifest).sort());
await writeFile(path.join(fresh, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);
await mkdir(target, { recursive: true });
const made = (await readdir(fresh)).sort((one, other) => (one === "manifest.json") - (other === "manifest.json"));
for (const name of made) await rename(path.join(fresh, name), path.join(target, name));
await rm(fresh, { recursive: true, force: true });
