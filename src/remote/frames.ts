/** A gateway's live stream, frame by frame. */

import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/ports.ts';

export interface StreamFrame {
  id: string | null;
  event: string;
  /** Empty for a frame that only brings an id. */
  data: string;
}

/** A stream brings a heartbeat every 15 seconds. */
const QUIET_MS = 60_000;
const MAX_FRAME = 4 * 1024 * 1024;

/** A stream without even a heartbeat has lost its gateway, whatever the connection says. */
export async function endWhenQuiet(answer: IncomingMessage, clock: Clock): Promise<void> {
  const over = new AbortController();
  answer.once('close', () => over.abort());
  for (let seen = -1; !answer.destroyed && seen !== answer.socket.bytesRead; ) {
    seen = answer.socket.bytesRead;
    await clock.sleep(QUIET_MS, over.signal).catch(() => undefined);
  }
  answer.destroy();
}

/** Server-sent events (WHATWG HTML §9.2), as far as the gateway writes them. */
export async function* framesOf(answer: IncomingMessage): AsyncGenerator<StreamFrame> {
  answer.setEncoding('utf8');
  let text = '';
  for await (const part of answer as AsyncIterable<string>) {
    text += part;
    if (text.length > MAX_FRAME) throw new Error('a frame of the stream is too large');
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const fields = new Map<string, string>();
      for (const line of frame.split('\n')) {
        const [name = '', value = ''] = line.split(/: ?(.*)/s, 2);
        if (name !== '') fields.set(name, value);
      }
      const { id = null, event = 'message', data = '' } = Object.fromEntries(fields);
      if (id !== null || data !== '') yield { id, event, data };
    }
  }
}
