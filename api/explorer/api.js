// Questions to the GraphQL API. GET, so that the browser keeps answers and asks only whether they stand.

import { fetchWithKey } from './key.js';

export class Failure extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

const listeners = [];

/** Whether the server has GraphiQL. */
export const hasGraphiql = () => document.documentElement.dataset.graphiql === 'on';

/** The address of GraphiQL with a query in it, which is not sent to the server. */
export const graphiqlAddress = (query, variables) =>
  `graphql#${new URLSearchParams({ query: query.trim(), variables: JSON.stringify(variables, null, 2) })}`;

/** Hear of the snapshot that each answer is of: `{id, sample}`. */
export const onSnapshot = listener => listeners.push(listener);

export function answerAddress(query, variables) {
  const asked = new URLSearchParams({ query: query.trim() });
  if (Object.keys(variables).length) asked.set('variables', JSON.stringify(variables));
  return `graphql?${asked}`;
}

/** Return the data of an answer; throw a `Failure` with the API's code. */
export async function ask(query, variables = {}) {
  let answer;
  try {
    const response = await fetchWithKey(answerAddress(query, variables), {
      headers: { accept: 'application/graphql-response+json' },
    });
    answer = await response.json();
  } catch {
    throw new Failure('The server does not answer. It may have been stopped.', 'UNREACHABLE');
  }
  if (answer.extensions?.snapshot) listeners.forEach(listener => listener(answer.extensions.snapshot));
  if (answer.errors) {
    throw new Failure(answer.errors[0].message, answer.errors[0].extensions?.code);
  }
  return answer.data;
}
