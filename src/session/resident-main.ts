/** Entry of the resident evaluator's process: `resident-main SOCKET IDLE-SECONDS MEMORY-MEGABYTES`. */
import { ResidentServer } from './resident-server.ts';

const [socket, idleSeconds, memory] = process.argv.slice(2);
await ResidentServer.start({
  socket,
  idleSeconds: Number(idleSeconds),
  memory: Number(memory) * 1_000_000,
});
