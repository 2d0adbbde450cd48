// Holds openapi.json against OpenAPI's own schema, and the service's replies against openapi.json.
//
//     node check.mjs document DOCUMENT
//     node check.mjs replies DOCUMENT < LIST
//
// LIST has a line for each reply: the method, the request's target, the status, what the document
// calls such a reply (the status, or "4XX"), the file of its headers, that of its body; with tabs
// between.
// What is wrong is told a line each, and then it exits 1.
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const faults = [];
const fault = (text) => faults.push(text);

// Headers that the connection or the web server needs, and none of the document's.
const untold = ["connection", "content-length", "content-type", "date", "keep-alive", "server"];
const methods = ["get", "head", "post", "put", "delete", "patch", "options", "trace"];

// ---- the document -------------------------------------------------------------------------------

const document = JSON.parse(readFileSync(process.argv[3], "utf8"));

function resolved(object) {
  if (!object?.$ref) return object;
  return object.$ref.split("/").slice(1).reduce((at, name) => at?.[name], document);
}

// Every object within, with the path that leads there.
function* within(value, path = "#") {
  if (value === null || typeof value !== "object") return;
  yield [value, path];
  for (const [name, child] of Object.entries(value)) yield* within(child, `${path}/${name}`);
}

// A schema that stands alone, compiled. One of a reply has no member that is not described: clients
// bear with more, but the document shall be whole.
function compiled(schema, { isReply = true, coerceTypes = false } = {}) {
  const rewrite = (value) => {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(rewrite);
    const copy = {};
    for (const [name, child] of Object.entries(value)) copy[name] = rewrite(child);
    if (copy.$ref) copy.$ref = copy.$ref.replace("#/components/schemas/", "#/$defs/");
    if (isReply && copy.type === "object" && copy.properties) copy.additionalProperties ??= false;
    return copy;
  };
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true, coerceTypes });
  formats(ajv);
  return ajv.compile({ $defs: rewrite(document.components.schemas), ...rewrite(schema) });
}

function check(values, schema, what, options) {
  try {
    const validate = compiled(schema, options);
    for (const value of values) {
      if (validate(value)) continue;
      for (const error of validate.errors) fault(`${what}: ${error.instancePath} ${error.message}`);
    }
  } catch (error) {
    fault(`${what}: ${error.message}`);
  }
}

async function checkDocument() {
  const validator = new Validator();
  const result = await validator.validate(document);
  if (!result.valid) fault(JSON.stringify(result.errors, null, 1));
  if (validator.version !== "3.1") fault(`OpenAPI ${validator.version}, expected 3.1`);

  const ids = Object.values(document.paths)
    .flatMap((path) => methods.filter((method) => path[method]).map((method) => path[method]))
    .map((operation) => operation.operationId);
  if (ids.includes(undefined)) fault("an operation has no operationId");
  if (new Set(ids).size !== ids.length) fault("two operations have one operationId");

  const used = new Set();
  for (const [object, path] of within(document)) {
    if (object.$ref) used.add(object.$ref);
    if (object.$ref && !resolved(object)) fault(`${path}: nothing at ${object.$ref}`);
    if (object.schema) {
      const examples = Object.values(object.examples ?? {}).map((named) => resolved(named).value);
      if ("example" in object) examples.push(object.example);
      check(examples, object.schema, path, { isReply: path.startsWith("#/components/responses") });
    }
    if (Array.isArray(object.examples)) check(object.examples, object, path);
  }
  for (const [kind, components] of Object.entries(document.components)) {
    for (const name of Object.keys(components)) {
      if (!used.has(`#/components/${kind}/${name}`)) fault(`nothing uses ${name} of the ${kind}`);
    }
  }
}

// ---- a reply ------------------------------------------------------------------------------------

// The template of a path: one without a variable before those that have one.
function templateOf(path) {
  const fits = (template) => {
    const parts = template.split(/\{[^}]*\}/).map((part) => part.replaceAll(".", "\\."));
    return new RegExp(`^${parts.join("[^/]+")}$`).test(path);
  };
  return document.paths[path] ? path : Object.keys(document.paths).find(fits);
}

// Of the last reply in the file: there may be a "100 Continue" in front.
function readHeaders(file) {
  const blocks = readFileSync(file, "utf8").replaceAll("\r", "").trim().split("\n\n");
  const lines = blocks.at(-1).split("\n").filter((line) => !/^(HTTP\/|Status:)/.test(line));
  const pairs = lines.map((line) => [line.split(":", 1)[0], line.replace(/^[^:]*: */, "")]);
  return new Map(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}

function checkHeaders(headers, response) {
  const described = new Map(Object.entries(response.headers ?? {})
    .map(([name, header]) => [name.toLowerCase(), resolved(header)]));
  for (const [name, header] of described) {
    if (headers.has(name)) check([headers.get(name)], header.schema, name, { coerceTypes: true });
    else if (header.required) fault(`the header ${name} is missing`);
  }
  for (const name of headers.keys()) {
    if (!described.has(name) && !untold.includes(name)) fault(`${name}: a header not described`);
  }
}

function checkBody(headers, body, response) {
  const type = headers.get("content-type");
  const media = response.content?.[type];
  if (!media) fault(`the Content-Type ${type} is not described`);
  else if (/json$/.test(type)) check([JSON.parse(body)], media.schema, "body");
  else check([body], media.schema, "body");
}

function checkReply(method, target, status, name, headersFile, bodyFile) {
  const template = templateOf(target.split("?")[0]);
  const path = document.paths[template];
  // What a path says to a method that it does not take stands with the one that it does.
  const other = status === "405" ? path?.post ?? path?.get : undefined;
  const operation = path?.[method.toLowerCase()] ?? other;
  const response = resolved(operation?.responses[name]);
  if (!response) {
    fault(`no reply ${name} is described`);
    return;
  }
  const headers = readHeaders(headersFile), body = readFileSync(bodyFile, "utf8");
  checkHeaders(headers, response);
  if (method !== "HEAD" && response.content) checkBody(headers, body, response);
  else if (body !== "") fault("there is a body");
}

function checkReplies() {
  for (const line of readFileSync(0, "utf8").trim().split("\n")) {
    const fields = line.split("\t");
    const before = faults.length;
    checkReply(...fields);
    if (faults.length > before) {
      fault(`- of ${fields.slice(0, 4).join(" ")}:`);
      for (const file of fields.slice(4)) fault(readFileSync(file, "utf8"));
    }
  }
}

// -------------------------------------------------------------------------------------------------

if (process.argv[2] === "document") await checkDocument();
else checkReplies();
for (const text of faults) console.error(text);
process.exitCode = faults.length > 0 ? 1 : 0;
