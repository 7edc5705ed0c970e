/** Running commands and measuring them: wall-clock and processor time, peak memory. Linux only (`/proc`). */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A command to be measured. */
export interface BenchCommand {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Run before each measured run. */
  readonly before?: () => void;
}

export interface Run {
  /** Seconds from start to exit. */
  readonly wall: number;
  /** Seconds of processor time, all threads and waited-for children. */
  readonly processor: number;
  /** Largest resident set seen, bytes. */
  readonly peakMemory: number;
  readonly output: string;
}

/** Clock ticks per second in `/proc/PID/stat`; the same on every Linux that Node runs on. */
const ticksPerSecond = 100;
/** Milliseconds between two looks at the memory of a running command. */
const memoryInterval = 25;

/** Processor time of this process's children so far, seconds. */
function childrenProcessorTime(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime is the 14th field of the file, and `fields` starts with the third.
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

function peakMemoryOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Runs a command once. @throws Error with what it said, when it fails */
export async function measure(command: BenchCommand): Promise<Run> {
  command.before?.();
  const [program, ...args] = command.argv;
  const processorBefore = childrenProcessorTime();
  const start = performance.now();
  const child = spawn(program, args, {
    env: command.env,
    cwd: command.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  let peakMemory = 0;
  child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  const timer = setInterval(() => {
    peakMemory = Math.max(peakMemory, peakMemoryOf(child.pid!));
  }, memoryInterval);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(() => clearInterval(timer));
  const wall = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`'${command.argv.join(' ')}' failed with status ${status}:\n${errors}`);
  return { wall, processor: childrenProcessorTime() - processorBefore, peakMemory, output: output.trim() };
}

export interface Figures {
  readonly runs: number;
  /** Means, seconds. */
  readonly wall: number;
  readonly processor: number;
  /** Largest, bytes. */
  readonly peakMemory: number;
}

export function summarise(runs: readonly Run[]): Figures {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    runs: runs.length,
    wall: mean(runs.map(({ wall }) => wall)),
    processor: mean(runs.map(({ processor }) => processor)),
    peakMemory: Math.max(...runs.map(({ peakMemory }) => peakMemory)),
  };
}
