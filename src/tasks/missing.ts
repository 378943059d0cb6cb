/**
 * Which cells of a target column hold no value: empty ones, NA, NaN, null and None in any case, and those that are listed. Spaces around a
 * cell do not count.
 *
 * @param listed `data.missing`
 */
export function missingCells(listed: readonly string[] = []): (cell: string) => boolean {
  const known = new Set(listed.map((text) => text.trim()));
  return (cell) => {
    const text = cell.trim();
    return text === '' || USUAL.has(text.toLowerCase()) || known.has(text);
  };
}

const USUAL = new Set(['na', 'nan', 'null', 'none']);
