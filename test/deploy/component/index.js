// Stands in for Serverless Devs' fc3 component, so that the real `s` resolves,
// verifies and deploys the real s.yaml without a cloud. What a deployment or a
// removal is handed goes to the file that HANDED_OVER names.
'use strict';

const fs = require('fs');
const schema = require('./schema.js');

module.exports = class {
  async getSchema() {
    return JSON.stringify(schema);
  }

  async deploy({ command, props, yaml, resource }) {
    this.#handOver({ command, props, yaml, resource });
    return { functionName: props.functionName };
  }

  async remove({ command, props, yaml, resource }) {
    this.#handOver({ command, props, yaml, resource });
  }

  #handOver(inputs) {
    fs.writeFileSync(process.env.HANDED_OVER, JSON.stringify(inputs));
  }
};
