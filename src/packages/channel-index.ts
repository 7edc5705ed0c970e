/**
 * The index of a channel: `index.json` lists every package of the archive, one on a line. It finds a package by its exact
 * name without evaluating the others.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DrvName, type ExpressionSource, type Session } from '../session/index.ts';
import { printName, printString } from '../syntax/index.ts';
import { followInStore } from './profile-place.ts';
import type { Expressions } from './source-expression.ts';

/** Names that stand for themselves as selectors. */
const exactName = /^[A-Za-z0-9][A-Za-z0-9+._-]*$/;

export interface IndexedPackage {
  /** The attribute of the channel among the user's expressions. */
  readonly channel: string;
  readonly name: string;
  /** Evaluates to the package: that of the package set where it has one of this name, else the archive's. */
  readonly source: ExpressionSource;
  readonly attrPath: string;
}

export class ChannelIndexes {
  readonly #indexes: readonly { readonly channel: string; readonly path: string; readonly text: string }[];

  /** @param expressions attribute -> path, as evaluation sees it */
  constructor(session: Session, expressions: Expressions) {
    this.#indexes = [...expressions].flatMap(([channel, path]) => {
      const file = followInStore(session, join(path, 'index.json'));
      return existsSync(file) ? [{ channel, path, text: readFileSync(file, 'latin1') }] : [];
    });
  }

  /** The package that a selector names exactly, from the first channel that has it. */
  find(selector: string): IndexedPackage | undefined {
    const { name, fullName } = DrvName.parse(selector);
    if (!exactName.test(fullName)) return undefined;
    for (const { channel, path, text } of this.#indexes) {
      // A name may hold what looks like a version.
      const found = [fullName, name].find((each) => text.includes(`\n["${each}",`));
      if (found === undefined) continue;
      const expression = `let set = import (/. + ${printString(path)}) { }; in set.${printName(found)} or (set.debianPackage ${printString(found)})`;
      return {
        channel,
        name: found,
        source: { kind: 'text', text: expression, basePath: '/' },
        attrPath: `${channel}.debian.${printName(found)}`,
      };
    }
    return undefined;
  }

  /** All names, for near ones. */
  names(): string[] {
    return this.#indexes.flatMap(({ text }) =>
      [...text.matchAll(/^\["([^"]+)",/gm)].map((match) => match[1]),
    );
  }
}
