/**
 * A package's name and version, as `hello-2.10` holds them, and selectors: `hello`, `hello-2.10`, or an extended regular
 * expression for the name, such as `.*zip.*`; `*` stands for everything.
 */
import { UsageError } from '../diagnostics/index.ts';
import { compareVersions, parseDrvName } from '../eval/index.ts';

export class DrvName {
  readonly fullName: string;
  readonly name: string;
  readonly version: string;
  #pattern: RegExp | undefined;

  private constructor(fullName: string, name: string, version: string) {
    this.fullName = fullName;
    this.name = name;
    this.version = version;
  }

  static parse(fullName: string): DrvName {
    const { name, version } = parseDrvName(fullName);
    return new DrvName(fullName, name, version);
  }

  /** Whether this selector means a package. @throws UsageError for one that is no regular expression */
  matches(other: DrvName): boolean {
    if (this.name !== '*' && this.name !== other.name && !this.#expression().test(other.name)) return false;
    return this.version === '' || this.version === other.version;
  }

  #expression(): RegExp {
    try {
      this.#pattern ??= new RegExp(`^(?:${this.name})$`);
    } catch {
      throw new UsageError(`'${this.name}' is not a valid regular expression`, {
        hint: "a package's name, '*', or an extended regular expression",
      });
    }
    return this.#pattern;
  }
}

export { compareVersions };
