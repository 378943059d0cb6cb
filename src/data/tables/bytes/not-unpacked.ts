import { bytes } from '../../../core/text.ts';

/** What keeps a file from being unpacked, and what to do about it. */
export interface NotUnpacked {
  readonly wrong: string;
  readonly remedy: string;
}

/** More than this is no table of texts, but a small file made to fill the memory. */
export const MOST_UNPACKED = 1_000_000_000;

export const tooLarge = (most: number): NotUnpacked => ({
  wrong: `it unpacks to more than ${bytes(most)}, the most that is read`,
  remedy: 'Check what it holds; a larger table has to be unpacked, or divided.',
});

export const FETCH_AGAIN = 'Fetch or write the file again.';
