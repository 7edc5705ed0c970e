// `npm start`: whatever set-up is missing, then the first machine. See src/cli/start.ts.
import { ensureToolchain, root, runPinned } from './toolchain.mjs';

ensureToolchain();
let status = runPinned([`${root}/scripts/bundle.ts`, '--if-stale']);
if (status === 0) status = runPinned([`${root}/dist/main.js`, 'firn', 'start', ...process.argv.slice(2)]);
process.exitCode = status;
