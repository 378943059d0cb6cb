import type { Document, YAMLError } from 'yaml';
import type { Problem } from '../../core/errors.ts';
import { yaml } from '../libraries.ts';
import { problemAt, type Locate } from './tree.ts';

/** Nobody corrects more at once. */
const SHOWN_PROBLEMS = 10;

/** After one of these the parser has lost its place, and finds fault with lines that are right. */
const LOST: readonly YAMLError['code'][] = ['BAD_INDENT', 'BLOCK_AS_IMPLICIT_KEY', 'RESOURCE_EXHAUSTION', 'TAB_AS_INDENT'];

/**
 * What the parser complains about, in words for somebody who does not know its grammar: the first complaint of each line, up
 * to the line where it lost its place, and every tab.
 */
export function syntaxProblems(document: Document.Parsed, text: string, locate: Locate): readonly Problem[] {
  const lineOf = (error: YAMLError): number | undefined => locate(error.pos[0], error.pos[1]).line;
  const errors = [...document.errors, ...document.warnings];
  const firsts = errors.filter((error, index) => errors.findIndex((earlier) => lineOf(earlier) === lineOf(error)) === index);
  const lost = firsts.findIndex((error) => LOST.includes(error.code));
  const told = firsts.filter((error, index) => lost === -1 || index <= lost || error.code === 'TAB_AS_INDENT').slice(0, SHOWN_PROBLEMS);
  const problems = told.map((error) => explained(error, document, text, locate));
  if (document.directives.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    problems.unshift(problemAt(locate(0, 9), [], `this declares YAML ${document.directives.yaml.version}; configurations are YAML 1.2`));
  }
  return problems;
}

function explained(error: YAMLError, document: Document.Parsed, text: string, locate: Locate): Problem {
  const [start, end] = error.pos;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const line = text.slice(lineStart).split(/\r?\n/, 1)[0] ?? '';
  const at = (message: string, from = start, to = Math.max(end, from + 1), suggestion?: string): Problem =>
    problemAt(locate(from, to), [], message, suggestion);

  switch (error.code) {
    case 'TAB_AS_INDENT':
      return at('a tab indents this line; YAML allows only spaces there');
    case 'MULTILINE_IMPLICIT_KEY':
    case 'MISSING_CHAR': {
      const opening = openingBefore(document, start);
      if (error.message.startsWith('Missing closing')) return at('this quote is never closed', opening, opening + 1);
      if (/flow/i.test(error.message)) return at(`this ${text.charAt(opening)} is never closed`, opening, opening + 1);
      const glued = /^(\s*)([\w.-]+):(\S.*)$/.exec(line);
      const from = lineStart + line.search(/\S|$/);
      if (glued !== null) return at('a space is missing after the colon', from, lineStart + line.length, `${glued[2]}: ${glued[3]}`);
      return at('this line is neither `key: value` nor part of a list', from, lineStart + line.length);
    }
    case 'BLOCK_AS_IMPLICIT_KEY': {
      const next = /\r?\n([ ]+)\S[^\n]*/.exec(text.slice(start));
      if (!/:(\s|$)/.test(text.slice(start, lineStart + line.length)) && next?.[1] !== undefined) {
        const from = start + next.index + next[0].indexOf(next[1]) + next[1].length;
        return at(
          'this line is indented deeper than the one before, which already has its value',
          from,
          start + next.index + next[0].length,
        );
      }
      return at(
        'a second colon on one line: put quotes around the value, or a nested key on a line of its own',
        start,
        lineStart + line.length,
      );
    }
    case 'BAD_INDENT': {
      const opening = openingBefore(document, start);
      if (error.message.includes('Flow'))
        return at(`this ${text.charAt(opening)} is not closed where the next line begins`, opening, opening + 1);
      return at('the indentation of this line fits none of the lines above', lineStart + line.search(/\S|$/), lineStart + line.length);
    }
    case 'BAD_SCALAR_START': {
      const value = line.slice(start - lineStart).trimEnd();
      return at(`a value that starts with ${text.charAt(start)} must be in quotes`, start, start + value.length, JSON.stringify(value));
    }
    case 'BAD_DQ_ESCAPE':
      return at('a backslash inside double quotes starts an escape sequence, and this is not one; use single quotes', start, start + 2);
    case 'NON_STRING_KEY':
      return at('a key must be plain text');
    case 'RESOURCE_EXHAUSTION':
      return at('this is nested too deeply');
    case 'TAG_RESOLVE_FAILED':
      return at(`the tag ${text.slice(start, end)} is not supported; configurations contain only plain values`);
    case 'UNEXPECTED_TOKEN':
      return at(`${unexpected(error.message, text.slice(start, end))}; if it belongs to the value, put quotes around the whole`);
    default:
      return at(error.message.charAt(0).toLowerCase() + error.message.slice(1).split('\n')[0]);
  }
}

/** The start of the innermost quoted text or flow collection that begins before `position` and is still open there. */
function openingBefore(document: Document.Parsed, position: number): number {
  const { isCollection, isScalar, visit } = yaml();
  let start = Math.max(0, position - 1);
  visit(document, {
    Node: (_key, node) => {
      const isQuoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
      const isFlow = isCollection(node) && node.flow === true;
      if ((isQuoted || isFlow) && node.range && node.range[0] < position && node.range[1] >= position) start = node.range[0];
    },
  });
  return start;
}

/** The parser's message about a token, and the token. */
function unexpected(message: string, token: string): string {
  if (/scalar|string/.test(message)) return 'the value ends before this';
  return `a ${token.trim().slice(0, 1) || 'line end'} is not allowed here`;
}
