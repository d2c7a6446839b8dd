import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { packageRoot } from "../../src/native/loader.js";

const variants = ["generic", "avx2", "avx512", "amx"].map((isa) => ({
  isa,
  folder: join(packageRoot, "build/CMakeFiles", `erprm_kernels_${isa}.dir/native/kernels`),
}));

test("kernel objects define nothing outside their instruction set's namespace", (t) => {
  // A shared inline function (std::sort, say) compiled with AVX-512 could be the copy that the linker keeps for everybody;
  // the addon would then crash on a processor without it.
  const built = variants.filter(({ folder }) => existsSync(folder));
  t.true(built.length > 0);
  for (const { isa, folder } of built) {
    const objects = readdirSync(folder).filter((name) => /_(simd|amx)\.cc\.o$/.test(name));
    t.true(objects.length > 0);
    const symbols = execFileSync("nm", ["--demangle", "--defined-only", "--extern-only", ...objects], {
      cwd: folder,
      encoding: "utf8",
    });
    const defined = [...symbols.matchAll(/^[0-9a-f]+ (\w) (.+)$/gm)].map(([, , name = ""]) => name);
    t.true(defined.length > 0);
    t.deepEqual(
      defined.filter((name) => !name.startsWith(`erprm::${isa}::`)),
      [],
    );
  }
});
