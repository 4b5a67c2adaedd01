/** Packs the app for Splunk SOAR: one folder in a `.tgz`, the same bytes from the same files. `npm run pack:soar [FILE]`. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { soarDefinition } from '../src/hosts/soar/definition.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const APP = join(ROOT, 'integrations/soar/twilio');
const FOLDER = 'twilio';

/** The `.tgz` that SOAR installs under Apps → Install App. */
export function packSoarApp(): Buffer {
  const own = readdirSync(APP, { withFileTypes: true }).filter((entry) => entry.isFile());
  const files = new Map(own.map(({ name }) => [name, readFileSync(join(APP, name))]));
  files.set('LICENSE', readFileSync(join(ROOT, 'LICENSE')));
  const names = [...files.keys()].sort();
  const parts = [tarHeader(`${FOLDER}/`, 0, '5'), ...names.flatMap((name) => tarFile(name, files.get(name)))];
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]), { level: 9 });
}

const BLOCK = 512;

function tarFile(name: string, content: Buffer = Buffer.alloc(0)): Buffer[] {
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return [tarHeader(`${FOLDER}/${name}`, content.length, '0'), content, padding];
}

/** POSIX.1-1988 ustar: owner, time and mode are the same whoever packs. */
function tarHeader(path: string, size: number, type: '0' | '5'): Buffer {
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, at: number) => header.write(text, at, 'latin1');
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  put(path, 0);
  put(octal(type === '5' ? 0o755 : 0o644, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(size, 12), 124);
  put(octal(Date.parse(soarDefinition.identity.updated) / 1000, 12), 136);
  put(' '.repeat(8), 148);
  put(type, 156);
  put('ustar\x0000', 257);
  const checksum = octal(
    header.reduce((sum, byte) => sum + byte, 0),
    7,
  );
  put(`${checksum} `, 148);
  return header;
}

function main(file = join('dist', 'soar', `twilio-${soarDefinition.identity.version}.tgz`)): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, packSoarApp());
  console.log(file);
}

if (import.meta.main) main(process.argv[2]);
