// The timer's expressions as Function Compute documents them: six fields,
// seconds first, in UTC unless CRON_TZ says otherwise; or @every.
'use strict';

const numbers = (...ranges) => ranges.join('|');

// One field: a list of *, values and ranges, each with an optional step.
function field(value) {
  const item = `(\\*|\\?|(${value})(-(${value}))?)(/[1-9][0-9]?)?`;
  return `${item}(,${item})*`;
}

const sixty = numbers('[0-5]?[0-9]');
const fields = [
  sixty,
  sixty,
  numbers('1?[0-9]', '0[0-9]', '2[0-3]'),
  numbers('[1-9]', '0[1-9]', '[12][0-9]', '3[01]'),
  numbers('[1-9]', '0[1-9]', '1[0-2]', 'JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC'),
  numbers('[0-7]', 'SUN|MON|TUE|WED|THU|FRI|SAT'),
];

module.exports = `^((CRON_TZ=[A-Za-z0-9_+/-]+ )?${fields.map(field).join(' ')}|@every [1-9][0-9]*[smh])$`;
