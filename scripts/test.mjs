// `npm test`: whatever set-up is missing, then all tests. See scripts/test.ts.
import { ensureToolchain, root, runPinned } from './toolchain.mjs';

ensureToolchain();
process.exitCode = runPinned([`${root}/scripts/test.ts`, ...process.argv.slice(2)]);
