mod official;
