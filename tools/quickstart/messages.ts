import type { RandomState } from '../../src/core/random.ts';
import { ambiguous, slots, smallTalk, tails, themes } from './phrases.ts';
import { dangers, harmless, places, sizes, turns } from './turns.ts';

export interface Message {
  readonly keyword: string;
  readonly text: string;
  /** 1: it reports an incident. */
  readonly target: 0 | 1;
}

const share = {
  /** Two things are named, of which the last is true. */
  turns: 0.35,
  reports: 0.43,
  /** Nobody could tell: the label is drawn. */
  ambiguous: 0.06,
  /** The label is wrong, as annotators are. */
  wrongLabel: 0.03,
  /** Among those that report nothing: without any of the dangerous words. */
  smallTalk: 0.15,
  secondSentence: 0.15,
  withoutKeyword: 0.08,
  tail: 0.45,
  /** Among those with a tail: one that the other class would write. */
  wrongTone: 0.1,
  reply: 0.08,
  repost: 0.04,
  lowerCase: 0.18,
  upperCase: 0.05,
  capitalized: 0.6,
  typingError: 0.1,
  plainApostrophe: 0.25,
  noApostrophe: 0.25,
  lineBreak: 0.25,
  quoted: 0.04,
} as const;

/** `count` messages, no two with the same text. */
export function distinctMessages(count: number, random: RandomState): readonly Message[] {
  const byText = new Map<string, Message>();
  while (byText.size < count) {
    const message = makeMessage(random);
    if (!byText.has(message.text)) byText.set(message.text, message);
  }
  return [...byText.values()];
}

function makeMessage(random: RandomState): Message {
  const happens = (event: keyof typeof share): boolean => random.sample() < share[event];
  if (happens('ambiguous')) {
    const target = random.integer(0, 2) === 1 ? 1 : 0;
    return { keyword: '', text: roughen(expand(pick(ambiguous, random), random), target, random), target };
  }
  if (happens('turns')) return turn(random);
  const reports = happens('reports');
  const theme = pick(themes, random);
  const talk = !reports && happens('smallTalk');
  const template = pick(reports ? theme.report : talk ? smallTalk : theme.everyday, random);
  const second = happens('secondSentence') ? `. ${pick(reports ? theme.report : smallTalk, random)}` : '';
  const text = roughen(expand(template + second, random), reports ? 1 : 0, random);
  const keyword = talk || happens('withoutKeyword') ? '' : theme.keyword;
  return { keyword, text, target: reports !== happens('wrongLabel') ? 1 : 0 };
}

/** Of two messages with the same words in another order one is a report. */
function turn(random: RandomState): Message {
  const happens = (event: keyof typeof share): boolean => random.sample() < share[event];
  const reports = random.integer(0, 2) === 1;
  const named = (nouns: readonly string[]): string => `a ${pick(sizes, random)} ${pick(nouns, random)} ${pick(places, random)}`;
  const [danger, other] = [named(dangers), named(harmless)];
  const [first, last] = reports ? [other, danger] : [danger, other];
  const template = pick(turns, random).replace('{first}', first).replace('{last}', last);
  const tone = random.integer(0, 2) === 1 ? 1 : 0; // nor does the end of the message tell
  return { keyword: '', text: roughen(expand(template, random), tone, random), target: reports !== happens('wrongLabel') ? 1 : 0 };
}

/** Replaces slots and alternatives from the inside out until none is left. */
function expand(template: string, random: RandomState): string {
  let text = template;
  for (let before = ''; before !== text; ) {
    before = text;
    text = text
      .replace(/\{(\w+)\}/g, (_, name: string) => slot(name, random))
      .replace(/\[([^[\]{}]*)\]/g, (_, choices: string) => pick(choices.split('|'), random));
  }
  return text;
}

function slot(name: string, random: RandomState): string {
  if (name === 'url') return `https://ex.example/${letters(6, random)}`;
  if (name === 'user') return `${letters(5, random)}_${random.integer(10, 100)}`;
  const phrases = slots[name];
  if (phrases === undefined) throw new Error(`no slot named ${name}`);
  return pick(phrases, random);
}

/** What people and scrapers do to text: tails, replies, capitals, typing errors, line breaks, escaped entities. */
function roughen(plain: string, target: 0 | 1, random: RandomState): string {
  const happens = (event: keyof typeof share): boolean => random.sample() < share[event];
  let text = plain;
  const reports = happens('wrongTone') ? target === 0 : target === 1;
  if (happens('tail')) text += tail(reports ? tails.report : tails.everyday, random);
  if (happens('reply')) text = `@${slot('user', random)} ${text}`;
  else if (happens('repost')) text = `RT @${slot('user', random)}: ${text}`;
  if (happens('lowerCase')) text = text.toLowerCase();
  else if (happens('upperCase')) text = text.toUpperCase();
  else if (happens('capitalized')) text = text.charAt(0).toUpperCase() + text.slice(1);
  if (happens('typingError')) text = swappedLetters(text, random);
  if (happens('plainApostrophe')) text = text.replaceAll('’', "'");
  if (happens('noApostrophe')) text = text.replaceAll('’', '');
  if (happens('lineBreak')) text = text.replace(/\. (?=\S)/, '.\n');
  if (happens('quoted')) text = `"${text}"`;
  return text.replace(/&(?!\w+;)/g, '&amp;');
}

/** The end of a message; a hashtag of several words is written as one. */
function tail(choices: readonly string[], random: RandomState): string {
  return expand(pick(choices, random), random).replace(/#\w+(?: \w+)*/g, (tag) => tag.replaceAll(' ', ''));
}

function swappedLetters(text: string, random: RandomState): string {
  const words = [...text.matchAll(/\b[a-z]{5,}/g)];
  if (words.length === 0) return text;
  const word = pick(words, random);
  const at = word.index + random.integer(1, word[0].length - 1);
  return text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
}

function letters(length: number, random: RandomState): string {
  return Array.from({ length }, () => pick([...'abcdefghijkmnopqrstuvwxyz'], random)).join('');
}

function pick<T>(choices: readonly T[], random: RandomState): T {
  const choice = choices[random.integer(0, choices.length)];
  if (choice === undefined) throw new Error('nothing to pick from');
  return choice;
}
