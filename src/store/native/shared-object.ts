/**
 * Writes a minimal ELF shared object: machine code that calls imported functions through a table and exports one
 * symbol. No sections, no toolchain; just what the dynamic linker needs:
 *
 *     0x00000  ELF header, 3 + 1 program headers, code, hash, symbols, strings, relocations   read + execute
 *     0x10000+ dynamic section, table of imports                                              read + write
 *
 * The second segment starts where the first ends in the file, but 64 KiB further in memory, so that any page size
 * up to that works. Specification: System V ABI, generic part, chapters 4 and 5.
 */

export type Machine = 'x86_64' | 'aarch64';

export interface SharedObject {
  readonly machine: Machine;
  readonly exportName: string;
  /** Functions of the loading program; the linker puts their addresses into the table, in this order. */
  readonly imports: readonly string[];
  /** The code, given the distance from its first byte to the import table (8 bytes per import). The export is at 0. */
  readonly assemble: (importTableOffset: number) => Uint8Array;
}

const MACHINES = {
  x86_64: { machine: 62, globDat: 6 },
  aarch64: { machine: 183, globDat: 1025 },
} as const;

const PAGE = 0x10000;
const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const PROGRAM_HEADERS = 4;
const SYMBOL_SIZE = 24;
const RELOCATION_SIZE = 24;

const LOAD = 1;
const DYNAMIC = 2;
const GNU_STACK = 0x6474e551;
const READ = 4;
const WRITE = 2;
const EXECUTE = 1;

const DT = { null: 0, hash: 4, strtab: 5, symtab: 6, rela: 7, relasz: 8, relaent: 9, strsz: 10, syment: 11 };
const GLOBAL_FUNCTION = 0x12;

/** The file's bytes. */
export function formatSharedObject(object: SharedObject): Uint8Array {
  const { machine, globDat } = MACHINES[object.machine];
  const names = [...object.imports, object.exportName];
  const strings = `\0${names.join('\0')}\0`;
  const nameOffset = (name: string) => strings.indexOf(`\0${name}\0`) + 1;

  const code = HEADER_SIZE + PROGRAM_HEADERS * PROGRAM_HEADER_SIZE;
  const codeSize = align(object.assemble(0).length, 8);
  const hash = code + codeSize;
  const symbolCount = names.length + 1;
  const symbols = align(hash + 4 * (3 + symbolCount), 8);
  const stringTable = symbols + SYMBOL_SIZE * symbolCount;
  const relocations = align(stringTable + strings.length, 8);
  const dynamic = relocations + RELOCATION_SIZE * object.imports.length;
  const dynamicEntries: [number, number][] = [
    [DT.hash, hash],
    [DT.strtab, stringTable],
    [DT.symtab, symbols],
    [DT.strsz, strings.length],
    [DT.syment, SYMBOL_SIZE],
    [DT.rela, relocations],
    [DT.relasz, RELOCATION_SIZE * object.imports.length],
    [DT.relaent, RELOCATION_SIZE],
    [DT.null, 0],
  ];
  const table = dynamic + 16 * dynamicEntries.length;
  const size = table + 8 * object.imports.length;

  const file = new Writer(size);
  file.bytes(0, [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.u16(16, 3);
  file.u16(18, machine);
  file.u32(20, 1);
  file.u64(32, HEADER_SIZE);
  file.u16(52, HEADER_SIZE);
  file.u16(54, PROGRAM_HEADER_SIZE);
  file.u16(56, PROGRAM_HEADERS);
  file.u16(58, 64);
  file.programHeader(0, LOAD, READ | EXECUTE, 0, 0, dynamic);
  file.programHeader(1, LOAD, READ | WRITE, dynamic, dynamic + PAGE, size - dynamic);
  file.programHeader(2, DYNAMIC, READ | WRITE, dynamic, dynamic + PAGE, table - dynamic);
  file.programHeader(3, GNU_STACK, READ | WRITE, 0, 0, 0);
  file.bytes(code, object.assemble(table + PAGE - code));

  // One bucket: the linker walks the chain of all symbols, last to first.
  file.u32(hash, 1);
  file.u32(hash + 4, symbolCount);
  file.u32(hash + 8, symbolCount - 1);
  for (let i = 1; i < symbolCount; i++) file.u32(hash + 12 + 4 * i, i - 1);

  for (const [index, name] of names.entries()) {
    const at = symbols + SYMBOL_SIZE * (index + 1);
    file.u32(at, nameOffset(name));
    file.bytes(at + 4, [GLOBAL_FUNCTION]);
    if (name !== object.exportName) continue;
    // Any section index but 0 ("undefined") will do.
    file.u16(at + 6, 1);
    file.u64(at + 8, code);
    file.u64(at + 16, codeSize);
  }
  file.bytes(stringTable, new TextEncoder().encode(strings));
  for (const index of object.imports.keys()) {
    const at = relocations + RELOCATION_SIZE * index;
    file.u64(at, table + PAGE + 8 * index);
    file.u32(at + 8, globDat);
    file.u32(at + 12, index + 1);
  }
  for (const [index, [tag, value]] of dynamicEntries.entries()) {
    file.u64(dynamic + 16 * index, tag);
    file.u64(dynamic + 16 * index + 8, value);
  }
  return file.data;
}

function align(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

class Writer {
  readonly data: Uint8Array;
  readonly #view: DataView;

  constructor(size: number) {
    this.data = new Uint8Array(size);
    this.#view = new DataView(this.data.buffer);
  }

  bytes(at: number, values: ArrayLike<number>): void {
    this.data.set(values, at);
  }

  u16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  u32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  u64(at: number, value: number): void {
    this.#view.setBigUint64(at, BigInt(value), true);
  }

  programHeader(
    index: number,
    type: number,
    flags: number,
    offset: number,
    address: number,
    size: number,
  ): void {
    const at = HEADER_SIZE + index * PROGRAM_HEADER_SIZE;
    this.u32(at, type);
    this.u32(at + 4, flags);
    this.u64(at + 8, offset);
    this.u64(at + 16, address);
    this.u64(at + 24, address);
    this.u64(at + 32, size);
    this.u64(at + 40, size);
    this.u64(at + 48, type === GNU_STACK ? 16 : type === LOAD ? PAGE : 8);
  }
}
