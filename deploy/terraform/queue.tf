# Where invocations end that failed or that could not start within a minute,
# for as long as a queue keeps them: a week.
resource "alicloud_message_service_queue" "failed" {
  queue_name               = "flowreaper-failed"
  message_retention_period = 604800
}
