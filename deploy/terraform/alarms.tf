# The alarms of ../alarms.sh: a sweep failed, and no sweep ran; with
# var.emergency also those on the function of ../emergency.yaml.

locals {
  function  = [{ region = var.region, functionName = "flowreaper" }]
  emergency = [{ region = var.region, functionName = "flowreaper-emergency" }]

  # What is counted of an emergency's function, where one event is too many.
  emergency_metrics = {
    for name, metric in {
      failed  = "FunctionFunctionErrors"
      dropped = "FunctionAsyncEventExpiredDropped"
    } : name => metric if var.emergency && var.contact_group != ""
  }
}

resource "alicloud_cloud_monitor_service_metric_alarm_rule" "failed" {
  count                = var.contact_group == "" ? 0 : 1
  metric_alarm_rule_id = "flowreaper-failed-${var.region}"
  rule_name            = "flowreaper-failed-${var.region}"
  namespace            = "acs_fc"
  metric_name          = "FunctionFunctionErrors"
  resources            = jsonencode(local.function)
  contact_groups       = var.contact_group
  period               = "60"
  silence_time         = "3600"

  escalations {
    critical {
      statistics          = var.statistics
      comparison_operator = "GreaterThanThreshold"
      threshold           = "0"
      times               = 1
    }
  }
}

# The dead man's switch. A function that nothing calls may report zeros or
# nothing at all: either rings.
resource "alicloud_cloud_monitor_service_metric_alarm_rule" "missing" {
  count                = var.contact_group == "" ? 0 : 1
  metric_alarm_rule_id = "flowreaper-missing-${var.region}"
  rule_name            = "flowreaper-missing-${var.region}"
  namespace            = "acs_fc"
  metric_name          = "FunctionTotalInvocations"
  resources            = jsonencode(local.function)
  contact_groups       = var.contact_group
  period               = "60"
  silence_time         = "3600"
  no_data_policy       = "INSUFFICIENT_DATA"

  escalations {
    critical {
      statistics          = var.statistics
      comparison_operator = "LessThanThreshold"
      threshold           = "1"
      times               = 5
    }
  }
}

resource "alicloud_cloud_monitor_service_metric_alarm_rule" "emergency" {
  for_each             = local.emergency_metrics
  metric_alarm_rule_id = "flowreaper-emergency-${each.key}-${var.region}"
  rule_name            = "flowreaper-emergency-${each.key}-${var.region}"
  namespace            = "acs_fc"
  metric_name          = each.value
  resources            = jsonencode(local.emergency)
  contact_groups       = var.contact_group
  period               = "60"
  silence_time         = "3600"

  escalations {
    critical {
      statistics          = var.statistics
      comparison_operator = "GreaterThanThreshold"
      threshold           = "0"
      times               = 1
    }
  }
}
