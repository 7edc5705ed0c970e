/** From characters and key names to what QEMU's `sendkey` takes (a United States keyboard). */

const shifted: Readonly<Record<string, string>> = {
  '!': '1',
  '@': '2',
  '#': '3',
  $: '4',
  '%': '5',
  '^': '6',
  '&': '7',
  '*': '8',
  '(': '9',
  ')': '0',
  _: 'minus',
  '+': 'equal',
  '{': 'bracket_left',
  '}': 'bracket_right',
  ':': 'semicolon',
  '"': 'apostrophe',
  '|': 'backslash',
  '~': 'grave_accent',
  '<': 'comma',
  '>': 'dot',
  '?': 'slash',
};

const plain: Readonly<Record<string, string>> = {
  '\n': 'ret',
  '\t': 'tab',
  '\b': 'backspace',
  '\x1b': 'esc',
  ' ': 'spc',
  '-': 'minus',
  '=': 'equal',
  '[': 'bracket_left',
  ']': 'bracket_right',
  ';': 'semicolon',
  "'": 'apostrophe',
  '\\': 'backslash',
  '`': 'grave_accent',
  ',': 'comma',
  '.': 'dot',
  '/': 'slash',
};

/** The keys of a character, such as `shift-a`; other texts (`ctrl-alt-delete`) name keys already. */
export function keysOf(text: string): string {
  if (/^[A-Z]$/.test(text)) return `shift-${text.toLowerCase()}`;
  if (Object.hasOwn(plain, text)) return plain[text];
  return Object.hasOwn(shifted, text) ? `shift-${shifted[text]}` : text;
}
