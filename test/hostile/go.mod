module github.com/flowreaper/flowreaper/test/hostile

go 1.26
