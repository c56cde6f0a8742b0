// The peer of bench.graphql_peer: Apollo Server with @neo4j/graphql on the Neo4j that modelkin wrote.
// Environment: NEO4J_URL, NEO4J_PASSWORD, PORT, WORKERS.

import cluster from 'node:cluster';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { Neo4jGraphQL } from '@neo4j/graphql';
import neo4j from 'neo4j-driver';

const typeDefs = `
  type Model @node @limit(default: 20, max: 1000) @mutation(operations: []) {
    id: String!
    status: String!
    author: String
    license: String
    likes: Int
    downloads: Int
    pagerank: Float
    bases: [Model!]! @relationship(type: "DERIVED_FROM", direction: OUT, properties: "Derivation")
    descendants(least: Int!, first: Int!): Descendants! @cypher(columnName: "found", statement: """
      MATCH (this)<-[:DERIVED_FROM*1..]-(d:Model)
      WHERE d.downloads >= $least AND d.status = 'live'
      WITH DISTINCT d ORDER BY d.downloads DESC, d.id
      WITH collect(d) AS reached
      RETURN {
        total: size(reached),
        ids: [d IN reached[..$first] | d.id],
        downloads: [d IN reached[..$first] | d.downloads]
      } AS found
    """)
  }

  type Derivation @relationshipProperties {
    relation: String!
  }

  type Family @node @mutation(operations: []) {
    key: String!
    models: [Model!]! @relationship(type: "IN_FAMILY", direction: IN)
  }

  type Descendants {
    total: Int!
    ids: [String!]!
    downloads: [Int]!
  }

  type AuthorDownloads {
    author: String!
    downloads: Float!
  }

  type Query {
    downloadsByAuthor(license: String!, least: Int!, first: Int!): [AuthorDownloads!]!
      @cypher(columnName: "found", statement: """
        MATCH (m:Model) WHERE m.license = $license AND m.downloads >= $least AND m.status = 'live'
        WITH m.author AS author, sum(m.downloads) AS downloads
        ORDER BY downloads DESC, author LIMIT $first
        RETURN {author: author, downloads: downloads} AS found
      """)
  }
`;

if (cluster.isPrimary) {
  for (let worker = 0; worker < Number(process.env.WORKERS); worker++) cluster.fork();
} else {
  const driver = neo4j.driver(
    process.env.NEO4J_URL,
    neo4j.auth.basic('neo4j', process.env.NEO4J_PASSWORD),
    { disableLosslessIntegers: true },
  );
  const schema = await new Neo4jGraphQL({ typeDefs, driver }).getSchema();
  const server = new ApolloServer({ schema, introspection: false, csrfPrevention: false });
  await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port: Number(process.env.PORT) },
    context: async () => ({ sessionConfig: { database: 'neo4j' } }),
  });
}
