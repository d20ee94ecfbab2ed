package historytest

// TenRules is a policy for a Month, with a rule of each kind that people write.
const TenRules = `
version: 1
policy: ten
mode: plan
vars: {etl: 45m}
limits: {maxStops: 100, per: 1h}
protect: {flows: [etl-5], when: 'flow.env["FLOWREAPER"] == "off"'}
pricing: {currency: CNY, perMinute: [{price: 0.02}, {flows: ["report-*"], price: 0.12}]}
rules:
  - {name: etl, flows: ["etl-*", "!etl-10"], maxRuntime: vars.etl}
  - {name: etl-low, flows: ["etl-*"], maxRuntime: 30m, when: execution.input.priority == "low"}
  - {name: web, flows: ["web-*"], maxRuntime: 1h}
  - {name: web-a, flows: ["web-*"], maxRuntime: 20m, when: execution.name startsWith "a"}
  - {name: report-cost, flows: ["report-*"], maxCost: 10}
  - {name: report-night, flows: ["report-*"], maxRuntime: 40m, window: {hours: "22:00-06:00", timeZone: Asia/Shanghai}}
  - {name: imports, flows: ["import-*"], maxConcurrent: 3, maxRuntime: 10m}
  - {name: tests, maxRuntime: 25m, when: flow.env.STAGE == "test"}
  - {name: large, maxRuntime: 35m, when: '(execution.input.rows ?? 0) > 1000000 and not (execution.input.priority == "high")'}
  - {name: day, maxRuntime: 1d}
`
