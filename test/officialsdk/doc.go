// Package officialsdk proves the emulator with a client that this project did
// not write: Alibaba Cloud's official Go SDK of the older line. It is a module
// of its own, so that the SDK's 42 MB stay out of the product's dependencies:
//
//	cd test/officialsdk && go test ./...
//
// What that SDK sends, as TestWhatTheSDKSends holds fast: signature v1 with
// every parameter of the signature in the query, an empty SignatureType among
// them, which is signed; operations' parameters in the query of a GET and in
// the form of a POST; a form's Content-Type even on a GET without a body; the
// headers x-acs-action and x-acs-version, unsigned and unneeded, beside Action
// and Version in the query; RegionId in the query; no retry of anything.
package officialsdk
