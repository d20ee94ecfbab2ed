package emulator

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/flowreaper/flowreaper/internal/emulator/account"
	"github.com/flowreaper/flowreaper/internal/emulator/cloud"
)

func (s *Server) listFlows(_ context.Context, r *request) (answer, error) {
	limit, after := r.number("Limit", 1, 999, 60), readToken[string](r)
	if r.wrong != nil {
		return nil, r.wrong
	}
	flows, more := s.cloud.Flows(after, r.get("ResourceGroupId"), limit)
	page := &flowsAnswer{Flows: make([]*flowAnswer, 0, len(flows))}
	for _, f := range flows {
		page.Flows = append(page.Flows, answerFlow(f))
	}
	if more {
		page.NextToken = token(flows[len(flows)-1].Name)
	}
	return page, nil
}

func (s *Server) describeFlow(_ context.Context, r *request) (answer, error) {
	f, err := s.cloud.Flow(r.get("Name"))
	if err != nil {
		return nil, err
	}
	return answerFlow(f), nil
}

func (s *Server) createFlow(_ context.Context, r *request) (answer, error) {
	environment := r.environment()
	switch {
	case r.wrong != nil:
		return nil, r.wrong
	case !account.NameSyntax.MatchString(r.get("Name")):
		return nil, invalid("%q is not a flow's name", r.get("Name"))
	case r.get("Type") != "FDL":
		return nil, invalid("Type must be FDL, not %q", r.get("Type"))
	}
	f, err := s.cloud.CreateFlow(s.Now(), cloud.Flow{
		Name: r.get("Name"), Definition: r.get("Definition"), Description: r.get("Description"),
		RoleARN: r.get("RoleArn"), ExecutionMode: r.get("ExecutionMode"),
		ResourceGroupID: r.get("ResourceGroupId"), Environment: environment,
	})
	if err != nil {
		return nil, err
	}
	return answerFlow(f), nil
}

// environment reads the JSON text {"Variables":[{"Name":…,"Value":…}]}.
func (r *request) environment() map[string]string {
	if r.get("Environment") == "" {
		return nil
	}
	var given environmentAnswer
	if err := json.Unmarshal([]byte(r.get("Environment")), &given); err != nil {
		r.refuse("Environment can't be read: %s", err)
	}
	variables := map[string]string{}
	for _, v := range given.Variables {
		variables[v.Name] = v.Value
	}
	return variables
}

func (s *Server) deleteFlow(_ context.Context, r *request) (answer, error) {
	if err := s.cloud.DeleteFlow(r.get("Name")); err != nil {
		return nil, err
	}
	return &identified{}, nil
}

// describeRegions answers the regions that the documentation names.
func (s *Server) describeRegions(context.Context, *request) (answer, error) {
	regions := &regionsAnswer{}
	for _, id := range []string{"cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-qingdao", "cn-shenzhen", "ap-southeast-1", "us-west-1"} {
		regions.Regions.Region = append(regions.Regions.Region, regionAnswer{
			RegionId: id, RegionEndpoint: id + ".fnf.aliyuncs.com", LocalName: id,
		})
	}
	return regions, nil
}

// token makes an opaque NextToken of where the next page begins.
func token(place any) string {
	text, err := json.Marshal(place)
	if err != nil {
		panic(err) // a place is a text, a number, or a Cursor of both
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// readToken reads what token made. "" is the first page's.
func readToken[T any](r *request) (place T) {
	given := r.get("NextToken")
	if given == "" {
		return place
	}
	text, err := base64.RawURLEncoding.DecodeString(given)
	if err == nil {
		err = json.Unmarshal(text, &place)
	}
	if err != nil {
		r.refuse("NextToken is none of this service's: %q", given)
	}
	return place
}
