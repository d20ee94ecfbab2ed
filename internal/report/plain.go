package report

import "github.com/flowreaper/flowreaper/internal/plain"

// Plain is [plain.Text], by which every text of elsewhere goes into what people
// read.
func Plain(s string) string { return plain.Text(s) }
