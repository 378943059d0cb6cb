import type { Document, Scalar, YAMLError } from 'yaml';
import type { Problem } from '../core/errors.ts';
import { yaml } from './libraries.ts';
import type { Locate } from './parse.ts';
import { problemAt } from './tree.ts';

/** After so many the rest is most likely a consequence. */
const SHOWN_PROBLEMS = 10;

/** What the parser complains about, the first complaint of each line, in words for somebody who does not know its grammar. */
export function syntaxProblems(document: Document.Parsed, text: string, locate: Locate): readonly Problem[] {
  const lineOf = (error: YAMLError): number | undefined => locate(error.pos[0], error.pos[1]).line;
  const errors = [...document.errors, ...document.warnings];
  const firsts = errors.filter((error, index) => errors.findIndex((earlier) => lineOf(earlier) === lineOf(error)) === index).slice(0, SHOWN_PROBLEMS);
  const problems = firsts.map((error) => explained(error, document, text, locate));
  if (document.directives.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    problems.unshift(problemAt(locate(0, 9), [], `this asks for YAML ${document.directives.yaml.version}; configurations are YAML 1.2`));
  }
  return problems;
}

function explained(error: YAMLError, document: Document.Parsed, text: string, locate: Locate): Problem {
  const [start, end] = error.pos;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const line = text.slice(lineStart).split(/\r?\n/, 1)[0] ?? '';
  const at = (message: string, from = start, to = Math.max(end, from + 1), suggestion?: string): Problem => problemAt(locate(from, to), [], message, suggestion);

  switch (error.code) {
    case 'TAB_AS_INDENT':
      return at('a tab indents this line; YAML allows only spaces there');
    case 'MULTILINE_IMPLICIT_KEY':
    case 'MISSING_CHAR': {
      if (error.message.startsWith('Missing closing')) {
        const opening = openingQuote(document, start);
        return at('this quote is never closed', opening, opening + 1);
      }
      if (/flow/i.test(error.message)) return at(`a ${error.message.includes('map') ? '{' : '['} is opened and never closed`);
      const glued = /^(\s*)([\w.-]+):(\S.*)$/.exec(line);
      const from = lineStart + line.search(/\S|$/);
      if (glued !== null) return at('there has to be a space after the colon', from, lineStart + line.length, `${glued[2]}: ${glued[3]}`);
      return at('this line is neither `key: value` nor part of a list', from, lineStart + line.length);
    }
    case 'BLOCK_AS_IMPLICIT_KEY': {
      const next = /\r?\n([ ]+)\S[^\n]*/.exec(text.slice(start));
      if (!/:(\s|$)/.test(text.slice(start, lineStart + line.length)) && next?.[1] !== undefined) {
        const from = start + next.index + next[0].indexOf(next[1]) + next[1].length;
        return at('this line is indented deeper than the one before, which already has its value', from, start + next.index + next[0].length);
      }
      return at('a second colon on one line: put quotes around the value, or a nested key on a line of its own', start, lineStart + line.length);
    }
    case 'BAD_INDENT':
      if (error.message.includes('Flow')) return at(`a ${error.message.includes('map') ? '{' : '['} above is not closed before this`);
      return at('the indentation of this line fits none of the lines above', lineStart + line.search(/\S|$/), lineStart + line.length);
    case 'BAD_SCALAR_START': {
      const value = line.slice(start - lineStart).trimEnd();
      return at(`a value that starts with ${text.charAt(start)} has to be in quotes`, start, start + value.length, JSON.stringify(value));
    }
    case 'BAD_DQ_ESCAPE':
      return at('a backslash inside double quotes starts an escape, and this is none; use single quotes');
    case 'NON_STRING_KEY':
      return at('a key has to be plain text');
    case 'RESOURCE_EXHAUSTION':
      return at('this is nested too deep to be read');
    case 'TAG_RESOLVE_FAILED':
      return at(`the tag ${text.slice(start, end)} is not understood; configurations are plain values`);
    case 'UNEXPECTED_TOKEN':
      return at(`${/scalar|string/.test(error.message) ? 'the value has ended before this' : `a ${text.slice(start, end).trim().slice(0, 1) || 'line end'} cannot stand here`}; if it belongs to the value, put quotes around the whole`);
    default:
      return at(error.message.charAt(0).toLowerCase() + error.message.slice(1).split('\n')[0]);
  }
}

/** The start of the quoted text that runs on to `end`. */
function openingQuote(document: Document.Parsed, end: number): number {
  const { visit } = yaml();
  let start = Math.max(0, end - 1);
  visit(document, {
    Scalar: (_key, node: Scalar) => {
      if ((node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') && node.range && node.range[1] >= end) start = node.range[0];
    },
  });
  return start;
}
