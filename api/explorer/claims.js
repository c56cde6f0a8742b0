// The claims of docs/claims.md, each as the view that answers it.

import { address } from './route.js';

const PLAIN = { weight: 'DERIVATIVES', attribution: 'LINEAGE', credit: 'FRACTIONAL', automated: 'COUNTED' };
const RIVALS = 'qwen,deepseek,llama,mistral,gpt-oss';

export const claims = () => [
  ['“Chinese models are the most downloaded”: by where weights come from', address('ecosystem', { ...PLAIN, weight: 'DOWNLOADS', by: 'COUNTRY' })],
  ['The same by who released them', address('ecosystem', { ...PLAIN, weight: 'DOWNLOADS', by: 'COUNTRY', attribution: 'PUBLISHER' })],
  ['“Qwen is the most popular”', address('ecosystem', { ...PLAIN, weight: 'DOWNLOADS', by: 'FAMILY' })],
  ['“Its licence is favourable”, “it comes in many sizes”', address('family', { ...PLAIN, key: 'qwen' })],
  ['“Developers build on it”', address('ecosystem', { ...PLAIN, by: 'FAMILY' })],
  ['“And more and more so”', address('compare', { ...PLAIN, families: 'qwen,llama', pace: 'month' })],
  ['“DeepSeek, Llama, Mistral and OpenAI are its rivals”', address('compare', { ...PLAIN, families: RIVALS })],
  ['The same by who released them', address('compare', { ...PLAIN, families: RIVALS, attribution: 'PUBLISHER' })],
  ['“DeepSeek-R1 is another family than Qwen”', address('model', { id: 'deepseek-ai/DeepSeek-R1-Distill-Qwen-32B' })],
];
