/** Asks again what an evaluation asked: whether all answers are still the same. */
import { readFileSync, readlinkSync } from 'node:fs';
import {
  answerOf,
  hashOf,
  type Input,
  listingAnswer,
  nodeAnswer,
  type Surroundings,
  signatureOf,
} from './evaluation-inputs.ts';
import { isExecutable, listPhysical } from './file-access.ts';
import { fsPath, tryLstat } from './path-resolver.ts';

/** The first question whose answer is another one now; `undefined` when there is none. */
export function changedInput(inputs: readonly Input[], surroundings: Surroundings): Input | undefined {
  return inputs.find((input) => !isUnchanged(input, surroundings));
}

function isUnchanged([kind, name, answer, signature]: Input, surroundings: Surroundings): boolean {
  const { files } = surroundings;
  switch (kind) {
    case 'type':
      return (files.typeOf(name) ?? '') === answer;
    case 'file':
      return isSameFile(name, answer, signature, surroundings);
    case 'directory':
      return answerOf(() => listingAnswer(files.list(name))) === answer;
    case 'link':
      return answerOf(() => files.target(name)) === answer;
    case 'variable':
      return variableAnswer(surroundings.variable(name)) === answer;
    case 'valid':
      return surroundings.isValid !== undefined && String(surroundings.isValid(name)) === answer;
    case 'place':
      return files.resolver.follow(name) === answer;
    case 'node':
      return isSameNode(name, answer, signature);
  }
}

function isSameFile(
  path: string,
  answer: string,
  signature: string | undefined,
  { files }: Surroundings,
): boolean {
  const now = signatureOf(files.resolver.follow(path));
  // Neither a FIFO nor a device is opened: it was none when its contents were taken.
  if (now === undefined) return false;
  if (now !== '' && now === signature) return true;
  return answerOf(() => hashOf(files.contents(path))) === answer;
}

function isSameNode(physical: string, answer: string, signature: string | undefined): boolean {
  try {
    return nodeNow(physical, answer, signature) === answer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return false;
  }
}

function nodeNow(physical: string, answer: string, signature: string | undefined): string {
  const stats = tryLstat(physical);
  if (stats?.isDirectory()) return nodeAnswer('directory', listingAnswer(listPhysical(physical)));
  if (stats?.isSymbolicLink()) return nodeAnswer('symlink', readlinkSync(fsPath(physical), 'latin1'));
  if (!stats?.isFile()) return 'nothing that an archive may hold';
  const now = signatureOf(physical);
  const same = now !== '' && now === signature;
  const hash = same ? answer.slice(answer.indexOf(' ') + 1) : hashOf(readFileSync(fsPath(physical)));
  return nodeAnswer(isExecutable(stats) ? 'executable' : 'regular', hash);
}

/** An environment variable as an answer. */
export function variableAnswer(value: string | undefined): string {
  return value === undefined ? 'unset' : `set ${value}`;
}
