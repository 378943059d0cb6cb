import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** Answers that nobody should give, for any server. Each ends by itself only where it says so. */

/** Sends the same part for ever, as fast as it is taken. */
export function endless(response: ServerResponse, part: Buffer): void {
  const more = (): void => {
    while (!response.destroyed && response.write(part));
  };
  response.on('drain', more).on('error', () => {});
  more();
}

/** Sends a byte from time to time, for ever. */
export function trickle(response: ServerResponse, everyMs: number): void {
  const timer = setInterval(() => response.write(' '), everyMs);
  response.on('close', () => clearInterval(timer)).on('error', () => {});
}

/** A gigabyte of zeros, or of spaces, in a megabyte. */
export const bomb = (sign = ' '): Buffer => {
  const part = gzipSync(Buffer.alloc(16 << 20, sign), { level: 9 });
  return Buffer.concat(Array.from({ length: 64 }, () => part));
};

export const loginPage =
  '<!doctype html><html><head><title>Sign in</title><style>p{}</style></head><body><h1>Hotel network</h1><p>Please sign in.</body></html>';

/** Pages over which expressions that look for marks and ends would sit for hours. */
export const heavyPages = ['<', '<a', '<!--', ' ', '\n', '://', 'http://a@'].map(
  (unit) => `<html>${unit.repeat(Math.ceil(2e6 / unit.length))}`,
);
