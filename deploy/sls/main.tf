# What queries.json has: the index of the function's lines, a dashboard over them, and
# alert rules. Saved searches, which the provider doesn't know, are made by searches.sh.

terraform {
  required_version = ">= 1.3"

  required_providers {
    alicloud = {
      source  = "aliyun/alicloud"
      version = ">= 1.263.0" # the first with max_text_len
    }
  }
}

# Credentials come from the environment or the aliyun CLI's profile, never from
# a file here.
provider "alicloud" {
  region = var.region
}

locals {
  queries = jsondecode(file("${path.module}/queries.json"))
  width   = 10
  height  = 6
}

# A logstore has one index. Where Function Compute has made one, import it first, and see
# in the plan that no key of it goes: README.md.
resource "alicloud_log_store_index" "lines" {
  project      = var.project
  logstore     = var.logstore
  max_text_len = 16384

  full_text {
    case_sensitive = false
    token          = ", '\";=()[]{}?@&<>/:\n\t\r"
  }

  field_search {
    name             = "message"
    type             = "json"
    enable_analytics = true
    token            = ", '\";=()[]{}?@&<>/:\n\t\r"

    dynamic "json_keys" {
      for_each = local.queries.index
      content {
        name      = json_keys.key
        type      = json_keys.value
        doc_value = true
      }
    }
  }

  # Function Compute's own fields, in the lines of its request metrics.
  field_search {
    name             = "durationMs"
    type             = "double"
    enable_analytics = true
  }

  field_search {
    name             = "functionName"
    type             = "text"
    enable_analytics = true
    token            = ", '\";=()[]{}?@&<>/:\n\t\r"
  }
}

resource "alicloud_log_dashboard" "flowreaper" {
  project_name   = var.project
  dashboard_name = "flowreaper"
  display_name   = "flowreaper"
  attribute      = jsonencode({ type = "grid" })

  char_list = jsonencode([
    for i, chart in local.queries.dashboard : {
      title  = chart.title
      type   = chart.type
      action = {}
      search = {
        logstore = var.logstore
        topic    = ""
        query    = chart.query
        start    = chart.start
        end      = "now"
      }
      display = {
        displayName = chart.title
        xAxis       = chart.x
        yAxis       = chart.y
        xPos        = local.width * (i % 2)
        yPos        = local.height * floor(i / 2)
        width       = local.width
        height      = local.height
      }
    }
  ])

  depends_on = [alicloud_log_store_index.lines]
}

resource "alicloud_sls_alert" "rule" {
  for_each = { for alert in local.queries.alerts : alert.name => alert }

  project_name = var.project
  alert_name   = each.key
  display_name = each.value.title
  description  = ""
  status       = "ENABLED"

  schedule {
    type     = "FixedRate"
    interval = each.value.interval
  }

  configuration {
    type             = "default"
    version          = "2.0"
    dashboard        = "internal-alert-analysis"
    threshold        = "1"
    no_data_fire     = "false"
    no_data_severity = "6"
    send_resolved    = "false"
    auto_annotation  = "true"
    mute_until       = "0"

    query_list {
      store_type     = "log"
      region         = var.region
      project        = var.project
      store          = var.logstore
      query          = each.value.query
      time_span_type = "Relative"
      start          = each.value.start
      end            = "now"
      power_sql_mode = "auto"
    }

    group_configuration {
      type = "no_group"
    }

    # Each row that the query yields is one too many.
    severity_configurations {
      severity = tostring(each.value.severity)
      eval_condition {
        condition       = ""
        count_condition = "__count__ > 0"
      }
    }

    annotations {
      key   = "title"
      value = each.value.title
    }

    annotations {
      key   = "desc"
      value = each.value.text
    }

    policy_configuration {
      alert_policy_id  = "sls.builtin.dynamic"
      action_policy_id = var.action_policy
      repeat_interval  = "24h"
    }
  }

  depends_on = [alicloud_log_store_index.lines]
}
