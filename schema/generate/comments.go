package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
)

// readComments reads the comments of the types of a package and of their
// fields: Type and Type.Field. The library's own reader leaves out what isn't
// exported.
func readComments(root, folder string) (comments, error) {
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		return nil, err
	}
	all := comments{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, d := range parsed.Decls {
			if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.TYPE {
				all.addTypes(d)
			}
		}
	}
	return all, nil
}

func (c comments) addTypes(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		t := spec.(*ast.TypeSpec)
		fields, ok := t.Type.(*ast.StructType)
		if !ok {
			continue
		}
		c[t.Name.Name] = d.Doc.Text()
		for _, f := range fields.Fields.List {
			for _, name := range f.Names {
				c[t.Name.Name+"."+name.Name] = f.Doc.Text()
			}
		}
	}
}
