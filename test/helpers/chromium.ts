import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'vitest';

/** Where a browser to look at pages with may be. */
const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** `describe` for tests that look at pages; where there is no browser they are skipped, with the reason printed. */
export function describeInBrowser(name: string, body: (path: string) => void): void {
  const path = PATHS.find((candidate) => existsSync(candidate));
  if (path !== undefined) return void describe(name, () => body(path));
  console.warn(`skipped: ${name} (needs one of ${PATHS.join(', ')})`);
  describe.skip(name, () => it('needs a browser', () => {}));
}

export interface Look {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
  readonly media?: 'print';
}

/** What a browser finds in a page. */
export interface Seen<T> {
  /** Errors and warnings of the console, and addresses that the page asked for. */
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
  readonly result: T;
  readonly screenshot: Buffer;
}

/** A headless browser, spoken to over a pipe in the Chrome DevTools Protocol. */
export interface Browser {
  /**
   * Opens a file or an address at a width and colour scheme, evaluates an expression in it, a promise too, and takes a picture of the whole
   * page.
   */
  look<T>(place: string, look: Look, expression: string): Promise<Seen<T>>;
  close(): Promise<void>;
}

type Message = Readonly<{
  id?: number;
  method?: string;
  sessionId?: string;
  params?: Params;
  result?: Params;
  error?: { readonly message: string };
}>;
type Params = Readonly<Record<string, unknown>>;

export async function openBrowser(path: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'ortrain-chromium-'));
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--hide-scrollbars',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
  ];
  const browser = spawn(path, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const [toBrowser, fromBrowser] = [browser.stdio[3] as Writable, browser.stdio[4] as Readable];
  const waiting = new Map<number, { readonly resolve: (result: Params) => void; readonly reject: (error: Error) => void }>();
  const listeners = new Set<(message: Message) => void>();
  let buffered = '';
  fromBrowser.setEncoding('utf8').on('data', (text: string) => {
    const parts = (buffered + text).split('\0');
    buffered = parts.pop() ?? '';
    for (const part of parts) receive(JSON.parse(part) as Message);
  });
  const receive = (message: Message): void => {
    const asked = message.id === undefined ? undefined : waiting.get(message.id);
    if (asked === undefined) return listeners.forEach((listener) => listener(message));
    waiting.delete(message.id ?? 0);
    if (message.error === undefined) asked.resolve(message.result ?? {});
    else asked.reject(new Error(message.error.message));
  };
  let number = 0;
  const ask = (method: string, params: Params = {}, sessionId?: string): Promise<Params> =>
    new Promise((resolve, reject) => {
      number += 1;
      waiting.set(number, { resolve, reject });
      toBrowser.write(`${JSON.stringify({ id: number, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    });

  return {
    async look<T>(place: string, { width, scheme, media }: Look, expression: string): Promise<Seen<T>> {
      const { targetId } = await ask('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await ask('Target.attachToTarget', { targetId, flatten: true });
      const say = (method: string, params: Params = {}): Promise<Params> => ask(method, params, sessionId as string);
      const complaints: string[] = [];
      const requests: string[] = [];
      let loaded: () => void = () => {};
      const load = new Promise<void>((resolve) => (loaded = resolve));
      const listener = ({ method, sessionId: of, params = {} }: Message): void => {
        if (of !== sessionId) return;
        if (method === 'Page.loadEventFired') loaded();
        if (method === 'Runtime.exceptionThrown' || method === 'Runtime.consoleAPICalled' || method === 'Log.entryAdded')
          complaints.push(JSON.stringify(params));
        if (method === 'Network.requestWillBeSent') requests.push((params['request'] as { readonly url: string }).url);
      };
      listeners.add(listener);
      for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await say(`${domain}.enable`);
      await say('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
      await say('Emulation.setEmulatedMedia', { media: media ?? '', features: [{ name: 'prefers-color-scheme', value: scheme }] });
      await say('Page.navigate', { url: place.startsWith('http://') ? place : pathToFileURL(place).href });
      await load;
      const { result, exceptionDetails } = await say('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      const { data } = await say('Page.captureScreenshot', {
        captureBeyondViewport: true,
        clip: { x: 0, y: 0, width, height: await heightOf(say), scale: 1 },
      });
      listeners.delete(listener);
      await ask('Target.closeTarget', { targetId });
      return { complaints, requests, result: (result as { readonly value: T }).value, screenshot: Buffer.from(data as string, 'base64') };
    },
    async close() {
      const gone = new Promise((resolve) => browser.once('exit', resolve));
      await ask('Browser.close');
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function heightOf(say: (method: string) => Promise<Params>): Promise<number> {
  const { cssContentSize } = await say('Page.getLayoutMetrics');
  return Math.ceil((cssContentSize as { readonly height: number }).height);
}
