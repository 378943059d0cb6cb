export { cacheContents, removeUnused, unused, type CacheItem } from './contents.ts';
