/**
 * Pictures of a machine's display, and the text on them. QEMU writes the pictures; for reading, they are made grey and
 * larger, as is and with the colours turned round, because tesseract was trained on scanned paper.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { runProcess, succeeded } from '../../platform/index.ts';
import { TestError } from './errors.ts';
import type { OcrPrograms } from './machine-base.ts';

/** Pixels; a console's characters are large enough for tesseract then. */
const WANTED_WIDTH = 2400;

/** One byte for each pixel, row by row; 0 is black. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/**
 * Reads a picture in the form that QEMU's `screendump` writes (PPM, `P6`, 255 levels).
 *
 * @throws TestError for another form
 */
export function readPpm(bytes: Buffer): GreyImage {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString('latin1', 0, 64));
  if (!header) throw new TestError('the picture of the display is not in the form PPM');
  const width = Number(header[1]);
  const height = Number(header[2]);
  const colours = bytes.subarray(header[0].length);
  const pixels = new Uint8Array(width * height);
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = (colours[3 * i] * 299 + colours[3 * i + 1] * 587 + colours[3 * i + 2] * 114) / 1000;
  return { width, height, pixels };
}

/** The picture `factor` times as large, smoothed between the pixels; light and dark exchanged when `inverted`. */
export function enlarge(image: GreyImage, factor: number, inverted: boolean): GreyImage {
  const width = image.width * factor;
  const height = image.height * factor;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const top = Math.min(image.height - 1, Math.floor(y / factor));
    const below = Math.min(image.height - 1, top + 1);
    const down = (y % factor) / factor;
    for (let x = 0; x < width; x++) {
      const left = Math.min(image.width - 1, Math.floor(x / factor));
      const right = Math.min(image.width - 1, left + 1);
      const across = (x % factor) / factor;
      const at = (row: number) =>
        image.pixels[row * image.width + left] * (1 - across) +
        image.pixels[row * image.width + right] * across;
      const value = at(top) * (1 - down) + at(below) * down;
      pixels[y * width + x] = inverted ? 255 - value : value;
    }
  }
  return { width, height, pixels };
}

/** In the form PGM, `P5`. */
export function formatPgm(image: GreyImage): Buffer {
  return Buffer.concat([Buffer.from(`P5 ${image.width} ${image.height} 255\n`), image.pixels]);
}

/** Reads the text in a picture: as it is, and with light and dark exchanged. */
export async function readText(picture: string, ocr: OcrPrograms): Promise<string[]> {
  const image = readPpm(readFileSync(picture));
  const factor = Math.max(2, Math.round(WANTED_WIDTH / image.width));
  const texts: string[] = [];
  for (const inverted of [false, true]) {
    const file = `${picture}.${inverted ? 'inverted' : 'plain'}.pgm`;
    writeFileSync(file, formatPgm(enlarge(image, factor, inverted)));
    try {
      texts.push(await recognise(file, ocr));
    } finally {
      rmSync(file, { force: true });
    }
  }
  return texts;
}

async function recognise(file: string, ocr: OcrPrograms): Promise<string> {
  const result = await runProcess({
    program: ocr.tesseract,
    args: [file, '-', '--oem', '1', '--psm', '3', '-c', 'debug_file=/dev/null'],
    // One thread: the machines need the other processors.
    env: { TESSDATA_PREFIX: ocr.data, OMP_THREAD_LIMIT: '1' },
  });
  if (!succeeded(result.status))
    throw new TestError('tesseract cannot read the picture of the display', { hint: result.stderr.trim() });
  return Buffer.from(result.stdout, 'latin1').toString('utf8');
}
