/** `npm run compile:targets`: compiles what only tests want, as `npm test` does beside its own build. */
import { compileTargets } from "../tools/targets.js";

await compileTargets();
