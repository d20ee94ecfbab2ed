// What a function of this project may say, more strictly than fc3's own schema,
// which lets pass unknown properties, any trigger configuration, any role, any
// ratio of CPU to memory, and a function that forgets its timeout (3 s then).
// A property that s.yaml needs and this doesn't know is to be added here.
'use strict';

const cron = require('./cron.js');

const text = { type: 'string', minLength: 1 };
const flag = { type: 'boolean' };

// An object of exactly these properties; a name that ends in ? may be absent.
function object(fields) {
  const names = Object.keys(fields);
  return {
    type: 'object',
    additionalProperties: false,
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(names.map((name) => [name.replace('?', ''), fields[name]])),
  };
}

// Function Compute's bounds: CPU in steps of 0.05, memory in steps of 64 MB, one
// vCPU to between 1 and 4 GB. It goes up to 16 vCPUs; a function that waits for
// a quota of 2 calls a second has no use for more than 2.
const cpus = Array.from({ length: 40 }, (_, i) => (i + 1) * 5 / 100);
const memoryFor = (cpu) => ({
  if: { type: 'object', required: ['cpu'], properties: { cpu: { const: cpu } } },
  then: {
    type: 'object',
    properties: { memorySize: { type: 'integer', minimum: Math.ceil(cpu * 1024), maximum: cpu * 4096 } },
  },
});

// A misspelt setting of ours would be ignored; FC_ belongs to Function Compute.
const only = (...names) => ({
  propertyNames: { anyOf: [{ enum: names.map((name) => `FLOWREAPER_${name}`) }, { not: { pattern: '^(FLOWREAPER|FC_)' } }] },
});
const known = ['MODE', 'POLICY', 'FLEET', 'REGION', 'ENDPOINT', 'STATE', 'TICK', 'RATES'];
const environmentVariables = {
  type: 'object',
  required: ['FLOWREAPER_MODE'],
  if: { type: 'object', required: ['FLOWREAPER_HISTORY'] }, // the recorder
  then: only(...known, 'HISTORY', 'SINCE', 'WITH_INPUT', 'REDACT'),
  else: only(...known),
  properties: { FLOWREAPER_MODE: { enum: ['plan', 'enforce', 'off'] } },
  additionalProperties: { type: 'string' },
};

// A fleet's file says for each place what these would say of one; its stops are counted
// in files; and each of its timers names a place. CloudFlow may call it in their place.
const empty = { const: '' };
const ofAFleet = {
  if: {
    type: 'object',
    required: ['environmentVariables'],
    properties: { environmentVariables: { type: 'object', required: ['FLOWREAPER_FLEET'] } },
  },
  then: {
    type: 'object',
    properties: {
      environmentVariables: {
        type: 'object',
        required: ['FLOWREAPER_STATE'],
        properties: { FLOWREAPER_POLICY: empty, FLOWREAPER_REGION: empty, FLOWREAPER_ENDPOINT: empty },
      },
      triggers: {
        type: 'array',
        items: {
          if: { type: 'object', required: ['triggerType'], properties: { triggerType: { const: 'timer' } } },
          then: {
            type: 'object',
            properties: {
              triggerConfig: {
                type: 'object',
                required: ['payload'],
                properties: { payload: { type: 'string', pattern: '^[{]"place": "[a-z][a-z0-9-]{0,49}"[}]$' } },
              },
            },
          },
        },
      },
    },
  },
  else: { type: 'object', properties: { triggers: { type: 'array', minItems: 1 } } },
};

const asyncInvokeConfig = object({
  // Without it every deployment reports a change.
  qualifier: { const: 'LATEST' },
  maxAsyncRetryAttempts: { type: 'integer', minimum: 0, maximum: 8 },
  maxAsyncEventAgeInSeconds: { type: 'integer', minimum: 1, maximum: 2592000 },
  destinationConfig: object({
    onFailure: object({
      destination: { type: 'string', pattern: '^acs:(mns|fc|eventbridge|mq):[a-z0-9-]+:[0-9]*:' },
    }),
  }),
});

const ossMountConfig = object({
  mountPoints: {
    type: 'array',
    minItems: 1,
    maxItems: 5,
    items: object({
      bucketName: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$' },
      bucketPath: { type: 'string', pattern: '^/' },
      endpoint: { type: 'string', pattern: '^https://oss-[a-z0-9-]+[.]aliyuncs[.]com$' },
      mountDir: { type: 'string', pattern: '^/(home|mnt|data)/.' },
      readOnly: flag,
    }),
  },
});

const timer = object({
  cronExpression: { type: 'string', pattern: cron },
  enable: flag,
  'payload?': { type: 'string' },
});

const eventbridge = object({
  triggerEnable: flag,
  asyncInvocationType: flag,
  // A JSON object, as a text.
  eventRuleFilterPattern: { type: 'string', pattern: '^[{]"[a-z]+":.*[}]$' },
  eventSourceConfig: object({
    eventSourceType: { const: 'Default' },
    eventSourceParameters: { type: 'object', maxProperties: 0 },
  }),
  eventSinkConfig: object({
    deliveryOption: object({ mode: { const: 'event-driven' }, eventSchema: { const: 'CloudEvents' } }),
  }),
  runOptions: object({
    mode: { const: 'event-driven' },
    errorsTolerance: { enum: ['ALL', 'NONE'] },
    retryStrategy: object({ PushRetryStrategy: { enum: ['BACKOFF_RETRY', 'EXPONENTIAL_DECAY_RETRY'] } }),
  }),
});

const configurations = { timer, eventbridge };
const ofType = (type) => ({ type: 'object', properties: { triggerType: { const: type } } });
const trigger = {
  ...object({
    triggerName: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_-]{0,127}$' },
    triggerType: { enum: Object.keys(configurations) },
    'description?': { type: 'string' },
    'qualifier?': { const: 'LATEST' },
    triggerConfig: { type: 'object' },
  }),
  allOf: Object.entries(configurations).map(([type, triggerConfig]) => ({
    if: ofType(type),
    then: { type: 'object', properties: { triggerConfig } },
  })),
};

// On an update fc3 stops at the first EventBridge trigger that hasn't changed and
// skips those after it: after an EventBridge trigger only others of its kind.
const at = (position, schema) => ({ type: 'array', items: [...Array(position).fill({}), schema] });
const eventbridgeLast = Array.from({ length: 9 }, (_, i) => ({
  if: at(i, ofType('eventbridge')),
  then: at(i + 1, ofType('eventbridge')),
}));

// A function that EventBridge sets off may run for 5 minutes.
const eventbridgeIsBrief = {
  if: {
    type: 'object',
    required: ['triggers'],
    properties: { triggers: { type: 'array', contains: { ...ofType('eventbridge'), required: ['triggerType'] } } },
  },
  then: { type: 'object', properties: { timeout: { type: 'integer', maximum: 300 } } },
};

module.exports = {
  ...object({
    region: { type: 'string', pattern: '^[a-z]{2}-[a-z]+(-[0-9]+)?$' },
    functionName: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_-]{0,63}$' },
    'description?': { type: 'string', maxLength: 256 },
    // fc3 writes a role in lower case, whatever stands here, and `auto` is taken
    // for the name of one.
    role: { type: 'string', pattern: '^(acs:ram::[0-9]+:role/)?[a-z0-9-]{1,64}$', not: { const: 'auto' } },
    runtime: { const: 'go1' },
    handler: { type: 'string', pattern: '^[A-Za-z0-9._-]+$' },
    code: text,
    cpu: { enum: cpus },
    memorySize: { type: 'integer', minimum: 128, maximum: 32768, multipleOf: 64 },
    diskSize: { enum: [512, 10240] },
    timeout: { type: 'integer', minimum: 1, maximum: 86400 },
    internetAccess: flag,
    environmentVariables,
    logConfig: { anyOf: [{ const: 'auto' }, object({ project: text, logstore: text })] },
    concurrencyConfig: object({ reservedConcurrency: { type: 'integer', minimum: 1 } }),
    asyncInvokeConfig,
    'ossMountConfig?': ossMountConfig,
    triggers: { type: 'array', maxItems: 10, items: trigger, allOf: eventbridgeLast },
  }),
  allOf: [...cpus.map(memoryFor), eventbridgeIsBrief, ofAFleet],
};
