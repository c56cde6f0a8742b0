// Generates modelkin.ts, a typed document for each operation of queries.graphql.
import { readFileSync, writeFileSync } from 'node:fs';
import { codegen } from '@graphql-codegen/core';
import * as documents from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { parse } from 'graphql';

const read = name => parse(readFileSync(name, 'utf8'));

writeFileSync('modelkin.ts', await codegen({
  filename: 'modelkin.ts',
  schema: read('schema.graphql'),
  documents: [{ location: 'queries.graphql', document: read('queries.graphql') }],
  config: {
    strictScalars: true,
    scalars: { DateTime: 'string', Long: 'number' },
    useTypeImports: true,
  },
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { operations, documents },
}));
