# flowreaper. `make help` lists what there is.

.DEFAULT_GOAL := help
.PHONY: help build demo replay-demo replay-pictures test lint unit benchmarks modules hostile fuzz bench soak generate toolchain package policy-check fleet-check deploy remove measure recorder application release-snapshot release freeze clean

# The commit, in as many digits everywhere: no tag, which one clone has and another
# hasn't. make VERSION=v1.2.0 … names a release.
VERSION := $(shell git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null || echo dev)
# A function's package is built anywhere for the same machine: Linux, amd64, no C.
BUILD := CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
# Built as BUILD builds, so that nothing is compiled twice, in any folder.
RUN := CGO_ENABLED=0 go run -trimpath
# Go modules of their own, so that what only tests and tools need stays out of go.mod.
# test/hostile is another, with a target of its own.
MODULES := test/officialsdk test/celgo test/page
# The packages that have benchmarks.
MEASURED = $$(grep -rl --include='*_test.go' '^func Benchmark' cmd function internal policy | xargs -n1 dirname | sort -u | sed 's,^,./,')

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: bin/flowreaper ## Build the terminal and the function into bin/
	$(BUILD) -o bin/flowreaper-function ./function

demo: build ## See one sweep on an account made up on this machine
	@bin/flowreaper demo
	@printf '\nNext, limits chosen from the runs that there were, and tried on them: make replay-demo (docs/replay.md)\n'

# Where it writes; empty: to a temporary folder.
DIR :=
replay-demo: build ## Record a month, choose limits from it, try them on it, enforce (DIR=FOLDER: write there)
	@go build -o bin/replay-demo ./scripts/replay-demo
	@exec bin/replay-demo $(if $(DIR),-dir '$(DIR)')

replay-pictures: build ## Make the pictures of docs/replay.md anew
	@go build -o bin/replay-demo ./scripts/replay-demo
	@exec bin/replay-demo -quota off -pictures docs/pictures >/dev/null

# hostile comes last, beside modules: it waits while they compute.
test: toolchain lint build unit benchmarks ## All that must hold before a commit
	@$(MAKE) -k -j2 --no-print-directory modules hostile
	@./scripts/toolchain.sh skipped

lint: ## gofmt, go.mod, vet, staticcheck, actionlint
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not gofmt-ed, run gofmt -w on:"; echo "$$out"; exit 1; fi
	@for m in . tools tools/actionlint $(MODULES) test/hostile; do (cd $$m && go mod tidy -diff) || { echo "not tidy: run go mod tidy in $$m"; exit 1; }; done
	@for m in . $(MODULES) test/hostile; do echo "== $$m: vet, staticcheck"; (cd $$m && go vet ./... && go tool -modfile=$(CURDIR)/tools/go.mod staticcheck ./...) || exit 1; done
	go tool -modfile=tools/actionlint/go.mod actionlint

# What the race detector would only slow down: what computes for long and has no goroutine
# of its own (where the tests of watch have some, they stand for processes; the tests of
# policy and of history/backtest evaluate and read from several), and the simulated days
# of soak, whose engine the tests of sweep and function run under it.
PURE := /internal/history(/suggest)?$$|/internal/watch$$|/internal/soak$$|/policy/internal/(expression|icalendar)$$

# Both at once: soak waits for much of its time. Each ends by itself, whatever becomes of
# the other, and make says which failed. What vet says of tests is lint's to say.
unit: ## The tests of the product itself
	@$(MAKE) -k -j2 --no-print-directory raced pure

# The race detector needs a C compiler; a machine that has none and can't get
# one tests without it, and says so. Every process that it watches would wait a
# second before it ends, and the tests run some six hundred.
.PHONY: raced pure
raced:
	@packages=$$(go list ./... | grep -Ev '$(PURE)'); \
	if command -v $${CC:-cc} >/dev/null; then set -x; GORACE=atexit_sleep_ms=10 CGO_ENABLED=1 go test -vet=off -race $$packages; \
	else echo "no C compiler: testing WITHOUT the race detector"; set -x; go test -vet=off $$packages; fi
pure:
	go test -vet=off $$(go list ./... | grep -E '$(PURE)')

# Once each, so that none rots; the race detector would only slow them down.
# Those that take longer than a few seconds are make bench's: testing.Short.
benchmarks: ## Every benchmark of the product, once; the long ones apart
	go test -vet=off -short -run '^$$' -bench . -benchtime 1x $(MEASURED)

modules: ## The tests in Go modules of their own
	@for m in $(MODULES); do echo "== $$m"; (cd $$m && go test -vet=off -short -bench . -benchtime 1x ./...) || exit 1; done
	@echo "== test/duckdb" && ./scripts/duckdb.sh -short -bench . -benchtime 1x

# They wait for most of their time, and so run more at once than there are
# processors; what they test is no dependency of theirs that a cache could know.
hostile: ## The built binaries against a CloudFlow that answers as none should
	cd test/hostile && go test -vet=off -count=1 -parallel 16 -timeout 5m ./...

# The tests named …Property and …Model, on many more cases than make test has,
# and every fuzz target for a bounded time.
CHECKS ?= 100000
MODELS ?= 1000
FUZZTIME ?= 30s
fuzz: ## Random policies (CHECKS) and accounts (MODELS) against naive ones, and every fuzz target (FUZZTIME each)
	go test ./policy ./policy/internal/expression -run Property -timeout 6h -rapid.checks=$(CHECKS)
	FLOWREAPER_SOAK_CHECKS=$(MODELS) go test ./internal/sweep -run "Model|Property" -timeout 6h -rapid.checks=$(CHECKS)
	FLOWREAPER_SOAK_CHECKS=$(MODELS) go test ./internal/history/backtest ./internal/history/record -run Model -timeout 6h
	./scripts/fuzz.sh $(FUZZTIME)

bench: ## Measure: verdicts, beside cel-go's too, pages, backtests beside DuckDB, days of large accounts, memory
	go test -run '^$$' -bench . -benchmem -timeout 3h $(MEASURED)
	cd test/celgo && go test -run '^$$' -bench . ./...
	./scripts/duckdb.sh -run '^$$' -bench . -benchtime 3x
	FLOWREAPER_SOAK=1 go test -count=1 -v -timeout 3h -run 'TestSoakDays|TestSoakMemory' ./internal/soak

# The tests named TestSoak…, each as large as it gets. Every day that is simulated
# takes a minute or some; all of it, an hour.
soak: ## Simulate days of large accounts and an emergency of 10,000 executions, and kill the function 200 times
	FLOWREAPER_SOAK=1 go test -count=1 -v -p 1 -timeout 3h -run TestSoak ./internal/watch ./internal/sweep ./internal/soak

generate: ## Write the JSON Schemas anew
	go generate ./schema

# What a test needs and a new machine lacks is installed here.
toolchain:
	@./scripts/toolchain.sh

# The policy that is deployed, with its tests beside it, and where to: s.yaml or a
# file that extends it. deploy/README.md tells the way.
POLICY := deploy/policy.yaml
# In the place of a policy, a fleet of many, each with its tests beside it: docs/fleet.md.
# It goes with a FILE of a fleet's, such as deploy/fleet/s.yaml.
FLEET :=
POLICY_TESTS = $(basename $(POLICY)).test$(suffix $(POLICY))
FILE := s.yaml
S := deploy/node_modules/.bin/s

# The same commit gives the same bytes, with the same Go: nothing of the machine
# or the checkout goes into the binary but which commit it is.
package: ## Build the function's package into dist/; the same commit gives the same bytes
	GOOS=linux GOARCH=amd64 GOAMD64=v1 GOEXPERIMENT= CGO_ENABLED=0 go build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X main.version=$(VERSION)" -o dist/flowreaper-function ./function
	$(RUN) ./deploy/pack dist dist/flowreaper-function $(if $(FLEET),--fleet $(FLEET),$(POLICY))

# No policy is in it: it only reads.
recorder: ## Build the recorder's package into dist/recorder
	rm -rf dist/recorder
	GOOS=linux GOARCH=amd64 GOAMD64=v1 GOEXPERIMENT= CGO_ENABLED=0 go build -trimpath -buildvcs=false \
		-ldflags "-s -w -buildid= -X main.version=$(VERSION)" -o dist/recorder/flowreaper-recorder ./deploy/recorder

# Into dist/release: .goreleaser.yaml says what. The tools are built from the module
# proxy, the first time for some minutes. One binary after the other: archives have them
# in the order in which they were done. release needs a tag on the commit, and
# publishes nothing either: .github/workflows/release.yml does.
release-snapshot: GORELEASE = --snapshot
release-snapshot: release-build ## Make a release's archives, sums and SBOMs of this commit, and see that they run

release: GORELEASE = --skip=publish
release: VERSION := $(shell git describe --tags --exact-match 2>/dev/null)
release: release-build ## The same of a tagged commit

.PHONY: release-build
release-build:
	@[ -n "$(VERSION)" ] || { echo "this commit has no tag: git tag -a vX.Y.Z, or make release-snapshot"; exit 1; }
	$(MAKE) build package VERSION=$(VERSION)
	$(MAKE) application RELEASE=$(if $(findstring snapshot,$(GORELEASE)),main,$(VERSION))
	./scripts/release-pages.sh
	cd tools/cyclonedx && go build -o ../../dist/ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
	VERSION=$(VERSION) COMMIT_SECONDS=$$(git log -1 --format=%ct) COMMIT_TIME=$$(TZ=UTC git log -1 --date=format-local:%FT%TZ --format=%cd) \
		go tool -modfile=tools/goreleaser/go.mod goreleaser release --clean --parallelism 1 $(GORELEASE)
	cp dist/function.zip dist/release/flowreaper-function_$(patsubst v%,%,$(VERSION))_package.zip
	cp dist/application.zip dist/release/flowreaper-application_$(patsubst v%,%,$(VERSION)).zip
	./scripts/release-check.sh $(VERSION)

freeze: build ## Freeze the files that this release writes, for later ones' tests to read (docs/upgrade.md)
	./scripts/freeze.sh

# What a project begins with, whose release is RELEASE. s init takes away the zip that
# it reads.
RELEASE := main
application: ## Pack the Serverless Devs application into dist/application.zip, for s init --uri
	rm -rf dist/application dist/application.zip
	mkdir -p dist && cp -R deploy/application dist/application
	sed 's/^      default: main$$/      default: $(RELEASE)/' deploy/application/publish.yaml >dist/application/publish.yaml
	$(RUN) ./deploy/pack dist/application

policy-check: bin/flowreaper ## Validate, lint and test the policy that is deployed, or the fleet
	bin/flowreaper validate --strict $(if $(FLEET),--fleet $(FLEET),$(POLICY))
	bin/flowreaper test $(if $(FLEET),--fleet $(FLEET),$(POLICY_TESTS))

.PHONY: bin/flowreaper
bin/flowreaper:
	$(BUILD) -o $@ ./cmd/flowreaper

# Only where one of both is a fleet's: else there is nothing to check, and no time to lose.
fleet-check:
	@$(if $(FLEET)$(shell grep -ls FLOWREAPER_FLEET $(FILE)),$(RUN) ./deploy/timers $(FILE) $(FLEET),:)

# FILE's pre-deploy action runs policy-check, too, and package: a bare `s deploy`
# must not get round them. Here it comes first because s may swallow what a
# failing action says. Without -y and a terminal, s would deploy nothing and say
# that all is well.
deploy: fleet-check policy-check $(S) ## Check the policy, build the package, deploy (FILE=deploy/state.yaml: something else)
	$(S) deploy -y -t $(FILE)

remove: $(S) ## Remove the function and its trigger from the cloud
	$(S) remove -y -t $(FILE)

# On an account of 100 flows in which little happens, for ten minutes. What else
# can be measured: go run ./deploy/measure -help
measure: package ## Measure the function's time, memory and price on an emulated account
	go run ./deploy/measure

$(S): deploy/package-lock.json
	npm ci --prefix deploy --no-audit --no-fund
	@touch $@

clean: ## Remove what was built
	rm -rf bin dist
