/** A process that opens many silent connections to a port: tells how many were closed at once, then when all are. */

import { once } from 'node:events';
import { connect } from 'node:net';

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
const AT_ONCE = 200;

let closed = 0;
let settle: () => void = () => undefined;

function open(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', resolve);
    socket
      .on('error', () => resolve())
      .on('close', () => {
        closed += 1;
        settle();
      });
    socket.resume();
  });
}

function untilClosed(wanted: number): Promise<void> {
  return new Promise((resolve) => {
    settle = () => closed >= wanted && resolve();
    settle();
  });
}

for (let opened = 0; opened < count; opened += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, open));
const limit = Number(process.env.LIMIT ?? 2048);
await untilClosed(count - limit);
process.send?.({ closed });
await once(process, 'message');
await untilClosed(count);
process.send?.({ closed });
