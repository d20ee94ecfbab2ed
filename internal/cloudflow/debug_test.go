package cloudflow

import "testing"

func TestCheckDebug(t *testing.T) {
	for value, refused := range map[string]bool{
		"": false, "1": false, "*": false, "dara-like,other": false,
		"dara": true, "tea": true, "credential": true, "other,dara": true,
	} {
		if err := CheckDebug(value); (err != nil) != refused {
			t.Errorf("DEBUG=%q: %v", value, err)
		}
	}
}

func TestNewRefusesWhatWouldShowTheToken(t *testing.T) {
	t.Setenv("DEBUG", "dara")
	_, err := New(Options{Region: "cn-hangzhou", Credentials: testCredentials})
	want := "DEBUG has the word dara, with which Alibaba Cloud's libraries print every request with its signature and token: take it out"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}
