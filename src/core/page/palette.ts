/**
 * The colours of figures and pages. Figures are drawn in the light ones; in the dark, a page's style replaces each neutral
 * colour by its dark partner, while the series' middle tones (at least 3 : 1 against both grounds) stay.
 */
export const ground = '#ffffff';
export const ink = '#1f2733';
export const muted = '#66707f';
export const line = '#dfe3e8';
/** Text on a filled mark. */
export const onFill = '#fdfdfe';

export const blue = '#3a7bc8';
export const orange = '#d2722c';
export const green = '#2f9c72';
export const red = '#cf4f4f';

/** Classes or runs, one after the other. */
export const series = [blue, orange, green, '#9467c9', red, '#8a7a3b', '#c2589c', '#4b9bb0', '#7d8794', '#a7673f'];

/** Each neutral colour's partner in the dark. */
export const dark: Readonly<Record<string, string>> = {
  [ground]: '#15181d',
  [ink]: '#e4e8ee',
  [muted]: '#98a2b1',
  [line]: '#2d333c',
  [onFill]: '#fcfdff',
};
