/** Whether a text can be the name of a model on the hub: `name` or `organisation/name`. */
export function isHubName(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/.test(text);
}
